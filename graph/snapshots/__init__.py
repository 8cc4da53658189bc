"""Snapshots: a workspace's graph as immutable columns; read, kept up with the log, taken back in time, and edited."""
