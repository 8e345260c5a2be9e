"""Parts of the page on indicators: which ones, what one means, where its figure comes from, how it stands."""
