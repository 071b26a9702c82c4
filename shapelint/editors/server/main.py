"""The life of the server."""

from __future__ import annotations

import logging

from shapelint.editors.server import features
from shapelint.editors.server.connection import Server


def serve() -> None:
    """Serve an editor over the standard streams until it goes."""
    logging.disable(logging.ERROR)  # pygls tells every failed request there, and the editor anyway
    server = Server()
    features.register(server)
    try:
        server.start_io()
    finally:
        server.end()
