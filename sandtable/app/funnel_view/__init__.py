"""What the page on the funnel shows: where, stages, weak links, dealers."""
