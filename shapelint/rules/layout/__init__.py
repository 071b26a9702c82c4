"""1xx: reading the output, and which axis is which."""
