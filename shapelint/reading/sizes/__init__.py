"""Losses, softmax and what stands around them."""
