"""What is not read: unknown values, what is imported from elsewhere, builtins."""
