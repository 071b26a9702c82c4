"""Expressions, statements, functions and loops of the checked code."""
