"""`shapelint clean`: removes the cache."""

from __future__ import annotations

import os

import click

from shapelint.cli.options import Failure
from shapelint.config import DEFAULT_CACHE, ConfigError, load_config
from shapelint.report.text import plain


@click.command(short_help="Remove the cache.")
@click.argument("path", default=".", type=click.Path())
@click.option("--cache-dir", envvar="SHAPELINT_CACHE_DIR", type=click.Path(file_okay=False), help="Where it is.")
def clean(path: str, cache_dir: str | None) -> None:
    """Remove the results that a check of PATH (default: the current folder) has kept for the next one."""
    from shapelint.cache.folder import FolderError
    from shapelint.cache.folder import clean as remove

    try:
        folder = os.path.abspath(cache_dir) if cache_dir else load_config(path).cache_path or DEFAULT_CACHE
        is_removed = remove(folder)
    except (ConfigError, FolderError) as why:
        place = "" if isinstance(why, ConfigError) else f"cannot remove the cache {folder}: "
        raise Failure(place + str(why)) from None
    click.echo(f"{'Removed' if is_removed else 'There is no'} {plain(folder)}", err=True)
