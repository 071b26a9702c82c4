"""What runs closed programs with torch, in a process of its own."""
