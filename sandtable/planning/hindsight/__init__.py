"""Whether forecasts came true: past events replayed, decisions scored."""
