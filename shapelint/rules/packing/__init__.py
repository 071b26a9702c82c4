"""4xx: packing and padding."""
