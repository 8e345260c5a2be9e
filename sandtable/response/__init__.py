"""Lever maths: what spend, finance terms, age and waiting are worth, in money or in utility."""
