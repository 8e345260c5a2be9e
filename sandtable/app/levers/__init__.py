"""The levers of a piece, a firm or the market, read off the lever table: what is offered, with which numbers."""
