"""`shapelint server`: the language server."""

from __future__ import annotations

import sys

import click

from shapelint.cli.options import Failure


@click.command(short_help="Start the language server.")
@click.option("--stdio", is_flag=True, help="Talk over the standard streams, which is what it does anyway.")
def server(stdio: bool) -> None:
    """Serve an editor over the standard streams: findings, shapes and fixes of the text while it is written."""
    try:
        from shapelint.editors.server.main import serve
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise Failure(f"{error.name} is not installed; to have it: python -m pip install 'shapelint[lsp]'") from None
    if sys.stdin is not None and sys.stdin.isatty():
        click.echo("shapelint: an editor is to speak on standard input; Ctrl-C ends this", err=True)
    serve()
