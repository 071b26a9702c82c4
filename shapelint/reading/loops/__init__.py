"""Loops of the checked code, round by round."""
