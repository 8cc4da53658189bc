"""Load, velocity, bus factors, hand-offs and waits between teams."""
