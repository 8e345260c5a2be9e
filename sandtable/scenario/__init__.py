"""Scenarios: what changes against the observed base, run against a calibrated market."""
