"""Components of our own: the draggable board."""
