"""Torch operations and layers as functions from shapes to shapes; `registry.load()` imports them all."""
