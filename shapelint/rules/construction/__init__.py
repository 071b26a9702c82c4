"""6xx: the arguments of constructors."""
