"""A run: which files are checked, by which processes, and what becomes of the findings."""
