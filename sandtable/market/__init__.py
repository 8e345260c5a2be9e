"""The market model: demand, supply and what they answer; pure functions over numpy arrays."""
