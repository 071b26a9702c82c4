"""Properties of rows and steps: which of the source reach which of the target."""
