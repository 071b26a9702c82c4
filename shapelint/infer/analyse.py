"""The driver: which entry points a module has, and which paths through them are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from shapelint import rooms
from shapelint.data import dataclass
from shapelint.effort import count, phase
from shapelint.infer.contradictions import contradicted, tell_contradicted
from shapelint.infer.definitions import definitions, earlier_versions
from shapelint.infer.dispatch import execute
from shapelint.infer.entries.instances import Instances
from shapelint.infer.entries.points import Entry, entries
from shapelint.infer.finished import Finished
from shapelint.infer.follow import Budget, Checked, errors, follow, may_be_retaken
from shapelint.infer.library import Library
from shapelint.infer.plan import (
    BudgetSpent,
    Plan,
    Raised,
    Turn,
)
from shapelint.infer.run.run import Run
from shapelint.infer.turning import turned
from shapelint.infer.values.objects import ModuleValue
from shapelint.infer.values.scopes import Home, Scope
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.ops.registry import load
from shapelint.regex import regex
from shapelint.source import NOTEBOOK, Source
from shapelint.syntax import facts
from shapelint.syntax.parse import parse
from shapelint.trace.node import Node, is_of_axis
from shapelint.trace.trace import Trace

for _room in ("code", "known", "values"):  # what is there registers itself
    rooms.modules(f"shapelint.infer.{_room}")

_NAMES_RECURRENT = regex(
    r"(?<![A-Za-z0-9_])(?:LSTM|GRU|RNN)(?:Base|Cell)?(?![A-Za-z0-9_])|getattr\(\s*(?:torch\.)?nn\b"
)
MAX_PATHS = 12  #: paths followed from one entry point
FIRST_PATHS = 5  #: paths followed until one meets a recurrent layer, or something that torch refuses
PLAIN_PATHS = 2  #: the same, in a file that names no recurrent layer
MAX_MISLED = 3  #: times that an entry point's paths are followed because docstrings misled
MAX_TOTAL_STEPS = 400_000  #: steps over all paths of one entry point
STEPS_OF_A_LINE = 1_500  #: steps over all entry points, for each line of the file: more than any published code takes


@dataclass(frozen=True, slots=True)
class Followed:
    """An entry point's paths, and what was known of docstrings when they were followed."""

    entry: Entry
    traces: list[Trace]
    misstated: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Explored:
    """What following an entry point's paths has shown: the traces, what they call, and which docstrings mislead."""

    traces: list[Trace]
    called: frozenset[int]
    misstated: frozenset[tuple[str, str]]


class Memory(Protocol):
    """What is known of the entry points of earlier texts of a file."""

    home: Home

    def recall(self, entry: str, explore: Callable[[], Explored]) -> Explored:
        """What exploring an entry point shows, of an earlier text where that cannot have changed."""


@phase("interpret")
def analyse(module: facts.Module, source: Source, only: str | None = None, memory: Memory | None = None) -> list[Trace]:
    """All traces of a module: its script, its classes with unknown arguments, and its functions; or of one entry."""
    load()
    called: set[int] = set()
    traces = _analysed(module, source, called, only, memory=memory)
    for name, before in earlier_versions(module) if source.path.endswith(NOTEBOOK) else ():
        traces += _analysed(before, source, called, only, name)
    return traces


def _analysed(
    module: facts.Module,
    source: Source,
    called: set[int],
    only: str | None,
    owner: str | None = None,
    memory: Memory | None = None,
) -> list[Trace]:
    """The traces of all entries, or of one, or of those of a definition; a name is one entry, its last definition."""
    checked = _defined(module, memory.home if memory is not None else Home.of(source, module))
    followed: dict[str, Followed] = {}
    for entry in entries(module, source, called):
        is_wanted = only in (None, entry.name) and owner in (None, entry.name.partition(".")[0])
        if is_wanted and entry.name not in followed:
            followed[entry.name] = _followed(checked, entry, called, memory)
    return [trace for one in followed.values() for trace in _undeceived(checked, one, called)]


def _followed(checked: Checked, entry: Entry, called: set[int], memory: Memory | None) -> Followed:
    def explored() -> Explored:
        here: set[int] = set()
        return Explored(explore(checked, entry, here), frozenset(here), frozenset(checked.misstated))

    found = memory.recall(entry.name, explored) if memory is not None else explored()
    called |= found.called
    checked.misstated.update(found.misstated)
    return Followed(entry, found.traces, frozenset(checked.misstated))


def _undeceived(checked: Checked, followed: Followed, called: set[int]) -> list[Trace]:
    """The paths of an entry point, anew where another one has shown since that its class's docstrings mislead."""
    owners = {owner for owner, _ in checked.misstated - followed.misstated}
    if followed.entry.name.partition(".")[0] not in owners:
        return followed.traces
    return explore(checked, followed.entry, called)


def _defined(module: facts.Module, home: Home) -> Checked:
    """The file with its definitions executed; modules that import it in turn see them."""
    scope = Scope({}, home=home)
    library = Library(parse, _define)
    path = home.source.path
    library.modules[Path(path)] = ModuleValue(path, scope)
    _define(module, home, scope, library)
    first_paths = FIRST_PATHS if _NAMES_RECURRENT.search(home.source.text) else PLAIN_PATHS
    budget = Budget(MAX_TOTAL_STEPS + STEPS_OF_A_LINE * len(home.lines))
    return Checked(home, library, scope, budget, Instances(), Finished(), first_paths, set())


def _define(module: facts.Module, home: Home, scope: Scope, library: Library) -> None:
    """Execute a module's definitions."""
    run = Run.of(Trace(home.source.path, "import", members=library.members), home, library, Plan())
    with suppress(BudgetSpent, Raised, RecursionError, OverflowError):
        execute(run, scope, definitions(module.body))
    count("modules defined")
    count("steps", run.steps)


def explore(checked: Checked, entry: Entry, called: set[int]) -> list[Trace]:
    """The paths of an entry point; they are followed anew where one shows that a docstring misled the others."""
    for _ in range(MAX_MISLED):
        known = frozenset(checked.misstated)
        checked.finished.begin(entry)
        traces = list(_paths(checked, entry, called))
        checked.finished.begin(None)
        if checked.misstated == known:
            break
    return traces


def _paths(checked: Checked, entry: Entry, called: set[int]) -> Iterator[Trace]:
    """Follow an entry point along its likely path, then with each choice turned, one at a time."""
    waiting = [Turn(Plan(misstated=frozenset(checked.misstated)))]
    covered: set[int] = set()
    seen: set[frozenset[tuple[str, object]]] = set()
    steps, paths, limit = 0, 0, checked.first_paths
    while waiting and paths < limit and len(seen) < 2 * limit and steps < MAX_TOTAL_STEPS and checked.budget.left > 0:
        turn = waiting.pop(0)
        if limit < MAX_PATHS and turn.opens is not None and turn.opens <= covered:
            continue  # nothing is looked for but code that is refused: it runs none that was not run before
        plan = turn.plan
        run = follow(checked, entry, plan, turn.refused)
        steps += run.steps
        taken = frozenset([*((key, choice.taken) for key, choice in run.path.choices.items()), *plan.sizes.items()])
        called |= run.called
        covered |= run.covered
        checked.misstated.update(run.path.misstated)
        if taken in seen:
            continue
        seen.add(taken)
        paths += run.raised is None
        if any(_is_worth_more(node) for node in run.trace.nodes):
            limit = MAX_PATHS
        may_be_retaken(checked, entry, run)
        if not plan.choices and not plan.sizes:
            if sizes := contradicted(run.trace):
                tell_contradicted(run.trace, sizes)
                waiting.insert(0, Turn(replace(run.plan, sizes=sizes)))
            elif sizes := _defaults(run.trace):
                yield from _by_default(checked, entry, replace(run.plan, sizes=sizes))
            if run.trace.last_batches and not errors(run.trace):
                yield from _by_default(checked, entry, replace(run.plan, sizes=run.trace.last_batches))
        yield run.trace
        if len(waiting) < MAX_PATHS and (run.trace.nodes or any(c.is_of_kind for c in run.path.choices.values())):
            waiting.extend(turned(run, plan, checked.home))


def _defaults(trace: Trace) -> dict[str, int]:
    """The sizes that parameters have by default, where the path works with other ones as well."""
    if errors(trace) or not trace.nodes:
        return {}
    return {name: size for name, size in trace.defaults.items() if name not in trace.solved and not is_of_axis(name)}


def _by_default(checked: Checked, entry: Entry, plan: Plan) -> Iterator[Trace]:
    """The path with the default sizes, or a smaller last batch, if torch refuses something there."""
    run = follow(checked, entry, plan)
    if run.raised is None and errors(run.trace):
        may_be_retaken(checked, entry, run)
        run.trace.is_by_default = True
        yield run.trace


def _is_worth_more(node: Node) -> bool:
    """Whether a path meets what the other paths are wanted for: of what is refused, whether all of them refuse it."""
    return node.error is not None or node.op.removesuffix(".forward") in RECURRENT | CELLS
