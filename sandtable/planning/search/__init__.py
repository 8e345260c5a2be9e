"""What reaches a target, and what is best: choices, requirements, goal seek, optimiser."""
