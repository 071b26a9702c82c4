"""3xx: what a call returns."""
