"""The language server: what editors show of a text while it is written."""
