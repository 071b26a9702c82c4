"""Proof by execution: claims become closed programs, and a worker process runs them with torch."""
