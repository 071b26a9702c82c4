"""The processes that check files, and the bounds within which they do."""
