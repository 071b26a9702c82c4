"""Python's own values: numbers, texts, sequences, dicts and what is iterated over."""
