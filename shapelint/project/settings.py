"""The values that a project gives a name, in its code, its settings files and the commands that it documents.

They tell which side of a condition is taken in fact. Nothing is run: what is not written as a constant is not seen.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import partial

from shapelint.project import running
from shapelint.project.callers import Taker, calls_of, defaulting, given_by, hands_on, is_held, leaves, takers_in
from shapelint.project.files import CODE, PROSE, Project, assigned, project_of, spelled, texts_with
from shapelint.project.options import Option, commands_in, options_in
from shapelint.project.reads import doubt, is_file, marks, remembered, source_of
from shapelint.project.written import Constant, Given, Something, constants_of, givers, parsed, values_of
from shapelint.regex import regex
from shapelint.source import Problem

_INSTALLED = frozenset(("setup.py", "setup.cfg", "pyproject.toml"))  #: of a project that others install
_WORDS: dict[str, Constant] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
    **dict.fromkeys(("null", "none", "~"), None),
}
_VALUE = r"""(\[[^\]\n]*\]|\\?"[^"\n]*"|'[^'\n]*'|[^\s,;#)}\]]+)"""  #: a list, a text, or one word
_PLAIN_VALUE = rf"(?:-?[\d.]+|(?i:{'|'.join(word for word in _WORDS if word.isalpha())}))(?!\w)"  #: of no flag
_PLAIN = regex(r"[\w.+-]+\Z")


def values_given(path: str, name: str) -> tuple[Given, ...]:
    """What the project of the file `path` gives a name, each value once; 1 and True are two.

    A text that is no file (standard input, a fix that is tried) belongs to no project.
    """
    if not is_file(path):
        return ()
    project = project_of(path)
    passed = [value for taker in _takers(path, name) for value in _passed(project, taker, name)]
    return _looked_up(project, (*_named(project, name), *passed), name)


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
    return _looked_up(project, (*_told(project, name), *passed), name)


def pairs_passed(path: str, first: str, second: str) -> tuple[tuple[Given, Given], ...]:
    """What each call in the project gives two parameters of one class or function of the file `path`.

    What is handed on under the parameter's own name is looked up where the project gives that name one value.
    """
    if not is_file(path):
        return ()
    project, others = project_of(path), {taker.callee: taker for taker in _takers(path, second)}
    return tuple(
        (_only(_given_here(path, call, taker, first)), _only(_given_here(path, call, others[taker.callee], second)))
        for taker in _takers(path, first)
        if taker.callee in others
        for call in _calls(project, taker)
    )


def _given_here(path: str, call: tuple[ast.Module, ast.Call], taker: Taker, name: str) -> tuple[Given, ...]:
    tree, node = call
    given = _looked_up(project_of(path), given_by(node, taker, name, constants_of(tree)), name)
    return given or values_given(path, name)


def _only(given: tuple[Given, ...]) -> Given:
    return given[0] if len(given) == 1 else Something()


def values_offered(path: str, name: str) -> tuple[Given, ...]:
    """What a command line of the project offers for a name, besides what a run takes that does not say."""
    if not is_file(path):
        return ()
    return tuple(value for _, option in _options(project_of(path), name) for value in option.offered)


def is_default_left(path: str, name: str) -> bool:
    """Whether anybody may take a default that the file `path` gives a parameter of that name."""
    if not is_file(path):
        return True
    project, takers = project_of(path), [taker for taker in _takers(path, name) if taker.default]
    return not takers or any(_is_left(project, taker, name) for taker in takers)


def is_written(path: str, name: str, pattern: re.Pattern[str]) -> bool:
    """Whether code in the project of the file `path` writes what a pattern finds, in which `name` stands."""
    texts = texts_with(project_of(path), "mention", name) if is_file(path) else ()
    return any(pattern.search(text) for where, text in texts if where.endswith(CODE))


def is_left_alone(path: str, cls: str, method: str) -> bool:
    """Whether the project of the file `path` uses a class of it, and nobody calls one of its methods.

    What is installed elsewhere may be called there, but for what its name says is private.
    """
    if not is_file(path):
        return False
    project, source = project_of(path), source_of(path)
    tree = None if isinstance(source, Problem) else parsed(source.text)
    is_public = not method.startswith("_") and not marks(str(project.root)).isdisjoint(_INSTALLED)
    return tree is not None and not is_public and running.is_left_alone(tree, cls, method, partial(_is_named, project))


def _looked_up(project: Project, given: Iterable[Given], name: str) -> tuple[Given, ...]:
    """The values, each once; for `args.both` what the project gives `both`, where it says that."""
    found: dict[tuple[type, Given], Given] = {}
    for value in given:
        held = _named(project, value.name) if isinstance(value, Something) and value.name not in (None, name) else ()
        for one in held or (value,):
            plain = Something() if isinstance(one, Something) else one
            found[type(plain), plain] = plain
    return tuple(found.values())


@remembered(512)
def _told(project: Project, name: str) -> tuple[Given, ...]:
    """What settings files, and options of commands, give a name."""
    settings = [
        value
        for where, text in texts_with(project, "mention", name)
        if not where.endswith(CODE)
        for value in _settings(text, name, "=" if where.endswith(PROSE) else "[:=]")
    ]
    taken = [value for where, one in _options(project, name) for value in _taken(project, where, one, name)]
    return (*settings, *taken)


@remembered(512)
def _options(project: Project, name: str) -> tuple[tuple[str, Option], ...]:
    """The options of that name, each with the file that has it."""
    return tuple(
        (where, option)
        for where, tree in _code_with(project, "mention", name)
        for option in options_in(ast.walk(tree), name)
    )


def _taken(project: Project, where: str, option: Option, name: str) -> tuple[Given, ...]:
    """What runs take for an option; the default only if a command leaves the option away, or none is documented."""
    commands = list(_commands(project, os.path.basename(where)))
    is_given = bool(commands) and all(re.search(rf"--{spelled(name)}(?![\w-])", one) for one in commands)
    return option.tried if is_given else (*option.default, *option.tried)


@remembered(128)
def _commands(project: Project, script: str) -> tuple[str, ...]:
    """The commands in a project's files that run a script."""
    texts = (text for where, text in texts_with(project, "word", script) if not where.endswith(CODE))
    return tuple(command for text in texts for command in commands_in(text, script))


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
    """What the files of a project give a name where they write it: in settings, and in code that may run."""
    told = _told(project, name)
    code = _code_with(project, "mention", name)
    giving = [(tree, givers(tree, name)) for _, tree in code]
    found = [value for tree, nodes in giving for value in values_of(tree, _running(project, tree, nodes), name)]
    found = found or [value for tree, nodes in giving for value in values_of(tree, nodes, name)]
    takers = [taker for _, tree in code for taker in defaulting(tree, name)]
    found += [value for taker in takers if _is_left(project, taker, name) for value in taker.default]
    if not told:  # what `config.get(name, default)` falls back to is for files without the name
        options = [one for _, tree in code for one in options_in(ast.walk(tree), name, fallbacks=True)]
        found += [value for option in options for value in option.tried]
    return (*told, *found)


def _code_with(project: Project, form: str, name: str) -> list[tuple[str, ast.Module]]:
    """The Python files of a project that mention a name, read."""
    texts = texts_with(project, form, name)
    read = ((where, parsed(text)) for where, text in texts if where.endswith(CODE))
    return [(where, tree) for where, tree in read if tree is not None]


def _running(project: Project, tree: ast.Module, nodes: Iterable[running.Node]) -> list[running.Node]:
    return running.running(tree, nodes, partial(_is_named, project))


@remembered(512)
def _is_named(project: Project, name: str) -> bool:
    """Whether a project's code or settings name something elsewhere than in its definition and in comments."""
    own = re.compile(rf"(?:def|class)\s+{name}\b|super\(\s*{name}\b|#[^\n]*\b{name}\b")
    word = re.compile(rf"(?<!\w){name}(?!\w)")
    texts = texts_with(project, "word", name)
    return any(word.search(own.sub("", text) if where.endswith(CODE) else text) for where, text in texts)


@remembered(512)
def _takers(path: str, name: str) -> tuple[Taker, ...]:
    """What takes the name in the file that is checked."""
    source = source_of(path)
    tree = None if isinstance(source, Problem) else parsed(source.text)
    return () if tree is None else tuple(takers_in(tree, name))


@remembered(64)
def _calls(project: Project, taker: Taker) -> tuple[tuple[ast.Module, ast.Call], ...]:
    """The calls in a project of what takes a name that may run; if none of them may, all."""
    found: list[tuple[ast.Module, ast.Call, bool]] = []
    for _, tree in _code_with(project, "call", taker.callee):
        if calls := list(calls_of(tree, ast.walk(tree), taker)):
            alive = set(_running(project, tree, calls))
            found.extend((tree, call, call in alive) for call in calls)
    any_runs = any(runs for *_, runs in found)
    return tuple((tree, call) for tree, call, runs in found if runs or not any_runs)


def _passed(project: Project, taker: Taker, name: str) -> tuple[Given, ...]:
    """What calls anywhere in the project give."""
    calls = _calls(project, taker)
    return tuple(value for tree, call in calls for value in given_by(call, taker, name, constants_of(tree)))


def _is_left(project: Project, taker: Taker, name: str) -> bool:
    """Whether somebody may take the default: whose call leaves the argument, or who calls what nobody calls here."""
    calls = _calls(project, taker)
    if not calls or any(leaves(call, taker, name) for _, call in calls):
        return True
    return any(is_held(tree, taker.callee) for _, tree in _code_with(project, "word", taker.callee))


def _is_handed_on(project: Project, taker: Taker, name: str) -> bool:
    """Whether a call gives what has the same name elsewhere, or all options that somebody has: any value may come."""
    return any(hands_on(call, taker, name) for _, call in _calls(project, taker))


def _settings(text: str, name: str, sign: str) -> Iterator[Constant]:
    """The values of `name: value`, `"name": value`, `name = value`, `--name value` and `--name` in a text."""
    words = spelled(name)
    quote = r"""\\?["']?"""
    for pattern in (rf"(?<![\w.-]){words}{quote}\s*{sign}\s*{_VALUE}", rf"--{words}[= ]\s*(?!-){_VALUE}"):
        for match in re.finditer(pattern, text):
            yield from _scalars(match[1])
    if re.search(rf"--{words}(?![\w=-])(?!\s+{_PLAIN_VALUE})", text):
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
