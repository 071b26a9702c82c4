"""What is read off source files, and changed in them, by the standard `ast` module alone."""
