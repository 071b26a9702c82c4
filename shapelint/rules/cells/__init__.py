"""7xx: cells and loops over time."""
