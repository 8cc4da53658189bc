"""Benchmarks: scripts that print their figures; see results.md."""
