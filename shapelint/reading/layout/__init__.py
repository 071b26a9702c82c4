"""How the axes of a value lie, and how the author means them."""
