"""The shapes of a file: the rows, the table for people, and the comments beside the code."""
