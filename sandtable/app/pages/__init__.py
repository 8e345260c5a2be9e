"""The pages: short; they ask, call and show."""
