"""The work graph: kinds, the model table, the store, the write path and the snapshot."""
