"""`shapelint config`: the settings that hold, and where each comes from."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from shapelint.cli.options import Failure, color_option, write
from shapelint.config import Config, ConfigError, load_config
from shapelint.finding import Confidence
from shapelint.keys import KEYS


@click.command(short_help="Show the settings that hold.")
@click.argument("path", default=".", type=click.Path())
@color_option
def config(path: str) -> None:
    """Show the settings of a check of PATH (default: the current folder) as TOML, each with where it comes from."""
    try:
        settings = load_config(path)
    except ConfigError as error:
        raise Failure(str(error)) from None
    write("".join(f"{line}\n" for line in settings_lines(settings)))


def settings_lines(settings: Config) -> list[str]:
    """The table with its keys, a line each, and where each comes from."""
    origins = {**dict(settings.origins), **_of_environment()}
    lines = ["[tool.shapelint]"]
    for name in KEYS:
        value = _value(settings, name)
        text = f"# {name} is not set" if value is None else f"{name} = {_toml(value)}"
        origin = origins.get(name, "default")
        lines.append(f"{text}  {click.style(f'# {origin}', fg='cyan')}")
    return lines


def _of_environment() -> dict[str, str]:
    given = [name for name in ("SHAPELINT_NO_CACHE", "SHAPELINT_CACHE_DIR") if os.environ.get(name)]
    return {"cache-dir": given[0]} if given else {}


def _value(settings: Config, name: str) -> Any:
    """A setting as the file gives it; None where there is none."""
    if name == "cache-dir" and os.environ.get("SHAPELINT_NO_CACHE"):
        return None
    if name == "cache-dir" and os.environ.get("SHAPELINT_CACHE_DIR"):
        return os.environ["SHAPELINT_CACHE_DIR"]
    field = name.replace("-", "_")
    owner: object = settings.file if name in ("select", "extend-select", "ignore") else settings
    value = getattr(owner, field)
    return dict(value) if KEYS[name].kind.schema.get("type") == "object" else value


def _toml(value: Any) -> str:
    if isinstance(value, Confidence):
        value = value.value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
