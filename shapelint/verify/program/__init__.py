"""From a claim to a closed program on dummy sizes."""
