"""The operations on tensors: they make, cut, join, index, compute and reduce."""
