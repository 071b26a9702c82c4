"""Source text to facts: the only part of shapelint that parses what is checked."""
