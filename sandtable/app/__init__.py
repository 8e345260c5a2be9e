"""The sand-table in the browser."""
