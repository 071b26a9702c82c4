"""9xx: what torch refuses, where no rule of its own explains it."""
