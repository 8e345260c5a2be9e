"""The funnel as arrays: stages that multiply to orders, rates pooled over dealers, links that are surely weak."""
