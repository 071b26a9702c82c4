"""9xx: what torch refuses, where no rule of its own explains it.

Not on by default: of the first findings on code that nobody had read, about every second was false, for a rank that a
text states, a path that no run takes, or a loop of which two rounds are followed.
"""
