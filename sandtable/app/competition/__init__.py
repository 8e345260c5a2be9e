"""What the page on competitors shows: trails, substitutes, answers, events."""
