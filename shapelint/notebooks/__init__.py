"""Notebooks: their code cells as one text, the places of that text in the cells, and the way back into the file."""
