"""What must hold of a graph of work: the schema guard, statuses and recurrence, and that nothing waits for itself."""
