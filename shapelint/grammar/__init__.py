"""Python's own grammar: the tokens of a text, and its tree."""
