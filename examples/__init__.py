"""Scripts that show how the parts are put together."""
