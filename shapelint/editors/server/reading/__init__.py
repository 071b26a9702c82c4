"""How the server understands a text: in another process, and each part of it once."""
