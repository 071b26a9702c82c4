"""The values that a project gives a name, in its code, its settings files and the commands that it documents.

They tell which side of a condition is taken in fact. Nothing is run: what is not written as a constant is not seen.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator

from shapelint.project.files import CODE, PROSE, Project, assigned, project_of, spelled, texts_with
from shapelint.project.reads import doubt, is_file, remembered, source_of
from shapelint.project.written import (
    Constant,
    Given,
    Taker,
    hands_on,
    options_of,
    parsed,
    takers_in,
    values_at,
    values_of,
)
from shapelint.source import Problem

_WORDS: dict[str, Constant] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
    **dict.fromkeys(("null", "none", "~"), None),
}
_VALUE = r"""(\[[^\]\n]*\]|\\?"[^"\n]*"|'[^'\n]*'|[^\s,;#)}\]]+)"""  #: a list, a text, or one word
_PLAIN = re.compile(r"[\w.+-]+\Z")


def values_given(path: str, name: str) -> tuple[Given, ...]:
    """What the project of the file `path` gives a name, each value once; 1 and True are two.

    A text that is no file (standard input, a fix that is tried) belongs to no project.
    """
    if not is_file(path):
        return ()
    project = project_of(path)
    passed = [value for taker in _takers(path, name) for value in _passed(project, taker, name)]
    return tuple({(type(value), value): value for value in (*_named(project, name), *passed)}.values())


def values_passed(path: str, name: str) -> tuple[Given, ...]:
    """What the project gives a name as an argument of what takes it in the file `path`, or in settings and commands.

    Other functions and classes may have a parameter of that name; these values are none of theirs.
    """
    if not is_file(path):
        return ()
    project, takers = project_of(path), _takers(path, name)
    if any(_is_handed_on(project, taker, name) for taker in takers):
        return values_given(path, name)
    passed = [value for taker in takers for value in _passed(project, taker, name)]
    return tuple({(type(value), value): value for value in (*_told(project, name), *passed)}.values())


@remembered(512)
def _told(project: Project, name: str) -> tuple[Given, ...]:
    """What settings files, and options of commands, give a name."""
    found: list[Given] = []
    for where, text in texts_with(project, "mention", name):
        tree = parsed(text) if where.endswith(CODE) else None
        if tree is not None:
            found.extend(options_of(tree, name))
        elif not where.endswith(CODE):
            found.extend(_settings(text, name, "=" if where.endswith(PROSE) else "[:=]"))
    return tuple(found)


@remembered(128)
def set_from_outside(path: str) -> frozenset[str]:
    """The names of a module that files of its project assign: `settings.BATCH_FIRST = args.batch_first`."""
    if not is_file(path):
        return frozenset()
    module = os.path.splitext(os.path.basename(path))[0]
    files = texts_with(project_of(path), "assigned", module)
    pattern = assigned(module)
    return frozenset(name for where, text in files if where.endswith(CODE) for name in re.findall(pattern, text))


@remembered(512)
def _named(project: Project, name: str) -> tuple[Given, ...]:
    """What the files of a project give a name where they write it."""
    code: list[ast.Module] = []
    found: list[Given] = []
    for where, text in texts_with(project, "mention", name):
        tree = parsed(text) if where.endswith(CODE) else None
        if tree is not None:
            code.append(tree)
        elif not where.endswith(CODE):
            found.extend(_settings(text, name, "=" if where.endswith(PROSE) else "[:=]"))
    # what `config.get(name, default)` falls back to is for files without the name
    fallbacks = not found
    return (*found, *(value for tree in code for value in values_of(tree, name, fallbacks=fallbacks)))


@remembered(512)
def _takers(path: str, name: str) -> tuple[Taker, ...]:
    """What takes the name in the file that is checked."""
    source = source_of(path)
    tree = None if isinstance(source, Problem) else parsed(source.text)
    return () if tree is None else tuple(takers_in(tree, name))


@remembered(512)
def _passed(project: Project, taker: Taker, name: str) -> tuple[Given, ...]:
    """What calls anywhere in the project give by place."""
    found: list[Given] = []
    for where, text in texts_with(project, "call", taker.callee):
        tree = parsed(text) if where.endswith(CODE) else None
        if tree is not None:
            found.extend(values_at(tree, taker, name))
    return tuple(found)


@remembered(512)
def _is_handed_on(project: Project, taker: Taker, name: str) -> bool:
    """Whether a call gives what has the same name elsewhere, or all options that somebody has: any value may come."""
    calling = texts_with(project, "call", taker.callee)
    trees = (parsed(text) for where, text in calling if where.endswith(CODE))
    return any(tree is not None and hands_on(tree, taker, name) for tree in trees)


def _settings(text: str, name: str, sign: str) -> Iterator[Constant]:
    """The values of `name: value`, `"name": value`, `name = value`, `--name value` and `--name` in a text."""
    words = spelled(name)
    quote = r"""\\?["']?"""
    for pattern in (rf"(?<![\w.-]){words}{quote}\s*{sign}\s*{_VALUE}", rf"--{words}[= ]\s*(?!-){_VALUE}"):
        for match in re.finditer(pattern, text):
            yield from _scalars(match[1])
    if re.search(rf"--{words}(?![\w=-])", text):
        yield True


def _scalars(written: str) -> Iterator[Constant]:
    """The constants that a value of a settings file is, or that its list holds."""
    written = written.replace("\\", "")
    try:
        value = json.loads(written)
    except ValueError:
        value = _literal(written)
    for item in value if isinstance(value, list | tuple) else [value]:
        if item is None or isinstance(item, str | int | float):
            yield item


def _literal(written: str) -> object:
    """A value as Python or YAML write it; an empty list for what is no constant."""
    if written.lower() in _WORDS:
        return _WORDS[written.lower()]
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError, RecursionError):
        pass
    except MemoryError:
        doubt()
    if written.startswith("[") and written.endswith("]"):
        return [_literal(item.strip()) for item in written[1:-1].split(",")]
    return written if _PLAIN.match(written) else []
