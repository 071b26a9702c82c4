"""Processes of our own: isolated from the checked project, bounded in time and memory, gone when their parent is."""
