"""Analyses: pure functions from a snapshot to a frozen, explained result."""
