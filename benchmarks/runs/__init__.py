"""What is run and measured: trees of files to run on, times, and what a model does in torch."""
