"""Conditions as questions about unknown values, and what a path has said of them."""
