"""Comments that silence findings, and those of them that silence nothing."""
