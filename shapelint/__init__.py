"""shapelint: shapes and axis meanings around PyTorch recurrent layers, each report proven by torch."""

__version__ = "0.1.0"
