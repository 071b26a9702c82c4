"""What is known of a value, as a hover in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from shapelint.editors.server.shown.places import Places
from shapelint.editors.server.shown.pointed import Pointed, View
from shapelint.report.text import plain

MAX_NAME = 60  #: characters of an expression


def hover(pointed: Pointed, places: Places, as_markdown: bool) -> types.Hover | None:
    """The hover on an expression; None where nothing is known of it."""
    if not pointed.views:
        return None
    blocks = [block for view in pointed.views for block in _view(pointed.name, view)]
    text = "\n".join(map(plain, "\n\n".join(blocks).split("\n")))
    kind = types.MarkupKind.Markdown if as_markdown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, text), places.range(pointed.span))


def _view(name: str, view: View) -> Iterator[str]:
    where = "in this file's own calls" if view.called else f"in `{view.entry}`"
    name = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
    yield f"```python\n{name}: {view.text}\n```"
    roles = f"{', '.join(view.roles)}, " if view.roles else ""
    yield f"{roles}{where}"
    if view.origins:
        yield "\n".join(f"- {origin}" for origin in view.origins)
    if view.options:
        yield "\n".join(f"- `{option}={value}`" for option, value in view.options)
