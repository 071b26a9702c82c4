"""Where runs of a file begin: its entry points, and what they find there that nobody gives them."""
