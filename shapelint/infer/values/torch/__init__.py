"""Tensors, packed sequences, layers and their containers."""
