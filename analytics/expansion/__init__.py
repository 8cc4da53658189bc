"""The expanded graph and what everything else reads off it: durations, calendars, owners, waits, worth."""
