"""Questions to a trace: where a value comes from, what it is, and how the code writes it."""
