"""Operations that make numbers: new tensors, and new numbers in a parameter."""
