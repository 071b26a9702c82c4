"""What a module defines before anything of it is called: its parts, what they bind, and what they read."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shapelint.data import dataclass
from shapelint.infer.code.walk import calls_in, names_in
from shapelint.regex import regex
from shapelint.source import Source
from shapelint.syntax import facts

MAX_VERSIONS = 8  #: of the definitions of a notebook that later ones take the place of

_WORD = regex(r"\w+")

#: calls in the values of module constants: `OPTIONS = dict(size=5)`, `WHERE = "cuda" if is_available() else "cpu"`
_CONSTANT_CALLS = frozenset(
    "dict list tuple set frozenset int float str bool len max min range OrderedDict namedtuple partial "
    "is_available".split()
)


def definitions(body: tuple[facts.Statement, ...], dropped: set[str] | None = None) -> tuple[facts.Statement, ...]:
    """The statements that make a module's names: imports, definitions, constants, and what guards imports.

    A name whose value is not computed, because that would run the script, is dropped, and all that depends on it.
    """
    dropped = set() if dropped is None else dropped
    return tuple(kept for statement in body for kept in _definition(statement, dropped))


def _definition(statement: facts.Statement, dropped: set[str]) -> tuple[facts.Statement, ...]:
    if isinstance(statement, facts.Import | facts.ImportFrom | facts.FunctionDef | facts.ClassDef):
        return (statement,)
    if isinstance(statement, facts.Assign | facts.AnnAssign):
        if _is_constant(statement.value) and dropped.isdisjoint(names_in(statement.value)):
            return (statement,)
        dropped.update(names_in(_targets(statement)))
    if _changes(statement) is not None:
        return (statement,)
    if isinstance(statement, facts.If | facts.Try):
        # `if is_torch_available():` and `try: import torch` guard definitions; they are taken to succeed
        return definitions(statement.body, dropped)
    return ()


def _changes(statement: facts.Statement) -> str | None:
    """The constant that a statement adds to, by what is constant: `OPTIONS.update(hidden_size=5)`."""
    call = statement.value if isinstance(statement, facts.ExpressionStatement) else None
    method = call.func if isinstance(call, facts.Call) else None
    if not isinstance(call, facts.Call) or not isinstance(method, facts.Attribute):
        return None
    is_known = isinstance(method.value, facts.Name) and (hasattr(dict, method.attr) or hasattr(list, method.attr))
    constant = all(_is_constant(given.value) for given in call.arguments)
    return method.value.id if is_known and isinstance(method.value, facts.Name) and constant else None


def _targets(statement: facts.Assign | facts.AnnAssign) -> tuple[facts.Expression, ...]:
    return statement.targets if isinstance(statement, facts.Assign) else (statement.target,)


def _is_constant(value: facts.Expression | None) -> bool:
    """Whether a value is computed without calling what may be the script itself."""
    return all(getattr(call.func, "attr", getattr(call.func, "id", "")) in _CONSTANT_CALLS for call in calls_in(value))


def may_build(statement: facts.Statement) -> bool:
    """Whether a statement assigns what calls of classes give, by their names, as it does where it builds layers."""
    calls = list(calls_in(statement.value)) if isinstance(statement, facts.Assign) else []
    names = [str(getattr(call.func, "attr", getattr(call.func, "id", ""))) for call in calls]
    return bool(names) and all(name[:1].isupper() for name in names)


def earlier_versions(module: facts.Module) -> list[tuple[str, facts.Module]]:
    """What is defined anew further down, and the module up to there: in a notebook, what was run before it was mended.

    Those that were mended most often, and long ago, are left out: each costs a look at the module.
    """
    seen: set[str] = set()
    found: list[tuple[str, facts.Module]] = []
    for number, statement in enumerate(module.body):
        if isinstance(statement, facts.ClassDef | facts.FunctionDef):
            if statement.name in seen:
                found.append((statement.name, replace(module, body=module.body[:number])))
            seen.add(statement.name)
    return found[-MAX_VERSIONS:]


@dataclass(frozen=True, slots=True)
class Part:
    """Statements of a module's top level that share no line with others, with what stands above them.

    `binds` are the names that it gives to the module, and `words` all that its definitions may read.
    """

    first: int
    last: int
    binds: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outline:
    """A module cut into parts, in order: each of its lines belongs to one."""

    parts: tuple[Part, ...]
    ends: list[int]  #: the last lines of the parts
    binding: Mapping[str, Sequence[int]]  #: the numbers of the parts that bind a name; of `*` those that bind any

    @staticmethod
    def of(module: facts.Module, source: Source) -> Outline:
        """The outline of a module."""
        lines = source.lines
        parts: list[Part] = []
        group: list[facts.Statement] = []
        first = 1
        for statement, following in zip(module.body, (*module.body[1:], None), strict=True):
            group.append(statement)
            if following is None or following.span.line > statement.span.end_line:
                last = len(lines) if following is None else statement.span.end_line
                parts.append(_part(group, lines, first, last))
                group, first = [], last + 1
        binding: dict[str, list[int]] = {}
        for number, part in enumerate(parts):
            for name in part.binds:
                binding.setdefault(name, []).append(number)
        return Outline(tuple(parts), [part.last for part in parts], binding)

    def part_at(self, line: int) -> int:
        """The number of the part that holds a line."""
        return bisect_left(self.ends, line)

    @property
    def shared_sequences(self) -> frozenset[str]:
        """The names of what makes an nn.Sequential and is named by other parts: see `infer/entries/uncalled.py`."""
        makers = [part for part in self.parts if "Sequential" in part.words]
        count = Counter(word for part in self.parts for word in part.words) if makers else Counter[str]()
        return frozenset(name for part in makers for name in part.binds if count[name] > (name in part.words))

    def needed(self, names: Iterable[str], lines: Iterable[int]) -> list[int]:
        """The parts that run where these names are read and these lines run: those, and all that they read in turn."""
        found = {self.part_at(line) for line in lines}
        waiting = ["*", *names, *(word for number in found for word in self.parts[number].words)]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                fresh = set(self.binding.get(name, ())) - found
                found |= fresh
                waiting.extend(word for number in fresh for word in self.parts[number].words)
        return sorted(found)


def words_in(text: str) -> list[str]:
    """All that may be a name."""
    return _WORD.findall(text)


def _part(statements: Sequence[facts.Statement], lines: Sequence[str], first: int, last: int) -> Part:
    defining = list(_defining(statements))
    texts = ["\n".join(lines[_start(s) - 1 : s.span.end_line]) for s in defining if _is_run(s)]
    words = frozenset(word for text in texts for word in words_in(text))
    return Part(first, last, frozenset(name for s in defining for name in _bound(s)), words)


def _defining(statements: Iterable[facts.Statement]) -> Iterator[facts.Statement]:
    """The statements that `definitions` takes or drops."""
    for statement in statements:
        if isinstance(statement, facts.If | facts.Try):
            yield from _defining(statement.body)
        else:
            yield statement


def _start(statement: facts.Statement) -> int:
    """The first line, which may be a decorator's."""
    decorators = statement.decorators if isinstance(statement, facts.FunctionDef | facts.ClassDef) else ()
    return min([statement.span.line, *(decorator.span.line for decorator in decorators)])


def _is_run(statement: facts.Statement) -> bool:
    """Whether a statement is a definition that reads other names, or builds a layer for one."""
    if isinstance(statement, facts.Assign | facts.AnnAssign):
        return _is_constant(statement.value) or may_build(statement)
    if _changes(statement) is not None:
        return True
    return isinstance(statement, facts.FunctionDef | facts.ClassDef)


def _bound(statement: facts.Statement) -> Iterable[str]:
    if isinstance(statement, facts.FunctionDef | facts.ClassDef):
        return (statement.name,)
    if isinstance(statement, facts.Import):
        return [name or path.split(".")[0] for path, name in statement.names]
    if isinstance(statement, facts.ImportFrom):
        return [alias or name for name, alias in statement.names]
    changed = _changes(statement)
    if changed is not None:
        return (changed,)
    return names_in(_targets(statement)) if isinstance(statement, facts.Assign | facts.AnnAssign) else ()
