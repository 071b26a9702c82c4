"""5xx: sizes, and what follows the layer."""
