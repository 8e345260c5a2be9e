"""Many scenarios at once: axes, grids and samples, blocks here or on a cluster."""
