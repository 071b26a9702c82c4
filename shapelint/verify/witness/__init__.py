"""Scripts of a few lines that show a mistake with torch and nothing else."""
