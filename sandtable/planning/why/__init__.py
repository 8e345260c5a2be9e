"""Why a number moved and what it rests on: attribution, tornado, value of information."""
