"""How far goals have come, and what was spent on them."""
