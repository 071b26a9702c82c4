"""What authors write of shapes: words for axes, shapes in texts, patterns of einops."""
