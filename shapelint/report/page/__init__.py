"""The HTML report: one file that loads nothing, with its style and its script inside."""
