"""Elements of HTML. Whatever is text is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from shapelint.report.text import plain


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Text as it is, on one line, without characters that command anything."""
    return Markup(escape(plain(content)))


def lines(content: str) -> Markup:
    """Text of several lines."""
    return Markup("\n".join(text(line) for line in content.split("\n")))


def prose(content: str) -> Markup:
    """Text in which `code` stands in backticks."""
    parts = content.split("`")
    if len(parts) % 2 == 0:
        return text(content)
    return Markup("".join(element("code", part) if i % 2 else text(part) for i, part in enumerate(parts)))


def element(name: str, *content: str | Iterable[Markup], **attributes: str | bool) -> Markup:
    """An element; what is no Markup is taken for text. `class_` is class, `data_code` is data-code."""
    told = "".join(map(_attribute, attributes.items()))
    return Markup(f"<{name}{told}>{''.join(map(_inner, content))}</{name}>")


def _inner(content: str | Iterable[Markup]) -> str:
    if isinstance(content, Markup):
        return content
    return text(content) if isinstance(content, str) else "".join(content)


def _attribute(pair: tuple[str, str | bool]) -> str:
    name, value = pair
    name = name.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{text(value)}"'
