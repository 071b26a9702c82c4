"""The interpreter's own values, and what can be asked of any value."""
