"""9xx: what torch refuses, where no rule of its own explains it.

They rest on sizes of layers and literals: an error that needs the rank of an input is told where torch confirms it for
every rank that fits the code.
"""
