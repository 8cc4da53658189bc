"""Writers of the graph's rows in exchange formats."""
