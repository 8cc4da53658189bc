"""Nested reads: selections and conditions as neutral trees, the Cypher made of them, and workspaces as records."""
