"""Functions and classes that are known by their names: of Python, of torch, of einops."""
