"""Where shapelint works inside other programs; one file per program."""
