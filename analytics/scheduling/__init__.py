"""When work can and must be done: the critical path, and schedules with limited people."""
