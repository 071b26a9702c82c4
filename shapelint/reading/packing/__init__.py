"""Padding, lengths and packed sequences."""
