"""Checks by an executor: chunks of files go to its workers, wherever they are, and their results come back."""
