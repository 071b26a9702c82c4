"""9xx: what torch accepts in silence, in networks of any kind."""
