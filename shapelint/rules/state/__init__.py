"""2xx: the state that a layer is given."""
