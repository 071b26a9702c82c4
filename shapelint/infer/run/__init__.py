"""The state of one run: where it is, what it takes sizes and unknown values to be, and what it records."""
