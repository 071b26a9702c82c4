"""8xx: how a module holds and calls its layers."""
