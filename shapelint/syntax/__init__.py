"""Source text to facts: the only part of shapelint that imports libcst."""
