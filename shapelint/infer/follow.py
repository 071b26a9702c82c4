"""One path to its end: a run is repeated until it demands nothing new of the inputs that nobody gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from shapelint.data import dataclass
from shapelint.effort import count
from shapelint.infer.entries.instances import Instances
from shapelint.infer.entries.points import Entry
from shapelint.infer.finished import Finished
from shapelint.infer.library import Library
from shapelint.infer.plan import (
    COMMENTED,
    JOINED,
    ORDERED_RANKS,
    STATED_RANKS,
    WISHED_RANKS,
    BudgetSpent,
    Demand,
    Plan,
    Raised,
    Refused,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Home, Scope
from shapelint.ops.refusals import SizeError
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dtype
from shapelint.trace.node import TRIED, Node, given_refs, is_of_axis
from shapelint.trace.trace import Trace

MAX_REPEATS = 6  #: repetitions of a path until its unknown inputs have the shapes that it demands


@dataclass(slots=True)
class Budget:
    """The steps that are left for a file: a few lines may build trees of modules that are as large as one likes."""

    left: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The file under analysis, and the project's modules that it imports."""

    home: Home
    library: Library
    scope: Scope  #: the module's definitions, which all entry points but the script share
    budget: Budget
    instances: Instances
    finished: Finished
    first_paths: int  #: followed from an entry point until one meets what is worth more of them
    misstated: set[tuple[str, str]]  #: what docstrings say of a class's parameters and some entry point does not do


def follow(checked: Checked, entry: Entry, plan: Plan, refused: Refused = frozenset()) -> Run:
    """Run one path, again and again until it demands nothing new of its unknown inputs.

    `refused` is what torch refuses on the path that this one is turned from. A shape that the author states and for
    which the code raises was misread, if the code runs without it.
    """
    run = _repeated(checked, entry, plan)
    if not errors(run.trace) <= refused:
        run = _on_its_own(checked, entry, plan, run)
    doubted = (_in_vain(run.trace, partial(_is_hearsay, run.trace)) | run.path.disputed) - plan.doubted
    if not doubted:
        return run
    again = _repeated(checked, entry, replace(_without(plan, doubted), doubted=plan.doubted | doubted))
    return run if errors(again.trace) and not run.path.disputed else again


def _on_its_own(checked: Checked, entry: Entry, plan: Plan, run: Run) -> Run:
    """A turned path, without the ranks that the path before it demands where these make torch raise.

    What its own code says of them is said again.
    """
    inherited = {key for key, demand in plan.demands.items() if demand.because not in ORDERED_RANKS}
    in_vain = _in_vain(run.trace, lambda leaf, _: leaf.leaf_key in inherited) if inherited else set()
    if not in_vain:
        return run
    again = _repeated(checked, entry, _without(plan, in_vain))
    return run if errors(again.trace) else again


def _without(plan: Plan, keys: set[str]) -> Plan:
    return replace(plan, demands={key: demand for key, demand in plan.demands.items() if key not in keys})


def _is_hearsay(trace: Trace, leaf: Node, failed: Node) -> bool:
    """Whether a text that gives a leaf its rank may be of another value, where something fails with that rank.

    A comment in the function that is run is of what is there, if a known mistake explains why it fails; and any
    text is, if what fails takes as many axes and another size than the one that is written.
    """
    error = failed.error
    is_explained = error is not None and error.code is not None and leaf.bound.get("demand") == COMMENTED
    got = error.details.get("got") if isinstance(error, SizeError) else None
    is_of_number = isinstance(got, Dim) and trace.resolve(got).constant is not None
    return leaf.is_documented and not is_explained and not is_of_number


def _in_vain(trace: Trace, is_suspect: Callable[[Node, Node], bool]) -> set[str]:
    """The suspected leaves that something is made of for which torch raises."""
    made_of: dict[int, frozenset[int]] = {}
    found: set[str] = set()
    if not errors(trace):
        return found
    for node in trace.nodes:
        own = {node.id} if node.leaf_key is not None else set[int]()
        made_of[node.id] = frozenset(own).union(*(made_of[ref.node] for ref in given_refs(node)))
        if node.error is not None:
            leaves = [trace.nodes[number] for number in made_of[node.id]]
            found |= {leaf.leaf_key for leaf in leaves if leaf.leaf_key is not None and is_suspect(leaf, node)}
    return found


def _repeated(checked: Checked, entry: Entry, plan: Plan) -> Run:
    """The last of the runs of a path, with ranks for those inputs of which nothing asks for one."""
    run = _demanded(checked, entry, plan)
    known = run.plan.demands.keys() | plan.in_vain
    wishes = {key: wish for key, wish in run.path.wishes.items() if key not in known}
    for more in range(len(WISHED_RANKS)) if wishes else ():
        ranks = {key: replace(wish, rank=wish.rank + more) for key, wish in wishes.items() if wish.rank + more > 0}
        again = _wished(checked, entry, run, ranks)
        if again is not None:
            return _with_axes_less(checked, entry, run, wishes) or again if _refuses_more(again, run) else again
    run.plan = replace(run.plan, in_vain=plan.in_vain | wishes.keys())
    return run


def _wished(checked: Checked, entry: Entry, run: Run, ranks: Mapping[str, Demand]) -> Run | None:
    """A path with ranks for more of its inputs; None where one of them does not go with the code."""
    again = _demanded(checked, entry, replace(run.plan, demands={**run.plan.demands, **ranks}))
    fits = again.path.misfits <= run.path.misfits and (again.raised is None or run.raised is not None)
    return again if fits else None


def _with_axes_less(checked: Checked, entry: Entry, run: Run, wishes: Mapping[str, Demand]) -> Run | None:
    """A path on which ids are one for each sample, or all inputs of one sample, if torch refuses nothing then."""
    less = {key: replace(wish, rank=wish.rank - 1) for key, wish in wishes.items() if wish.rank > 1}
    ids = {key: wish for key, wish in less.items() if wish.dtype is Dtype.INT}
    for chosen in (ids, less):
        again = _wished(checked, entry, run, {**wishes, **chosen}) if chosen else None
        if again is None or _refuses_more(again, run):
            continue
        if not any(_fixes_samples(again.trace, key) for key, wish in chosen.items() if key in ids or wish.rank > 1):
            return again
    return None


def _fixes_samples(trace: Trace, key: str) -> bool:
    """Whether a path wants a number of samples that is none of an input's: as many as a layer has features."""
    samples = trace.resolve(Dim.symbol(f"{key}.size(0)")).as_symbol
    return samples is None or not is_of_axis(samples)


def _refuses_more(run: Run, before: Run) -> bool:
    return bool(errors(run.trace) - errors(before.trace))


def _demanded(checked: Checked, entry: Entry, plan: Plan) -> Run:
    """The last of the runs of a path, which demands nothing new.

    Code does not raise on its likely path: where it seems to, something was misunderstood, and the guard is passed.
    """
    for _ in range(MAX_REPEATS):
        run = checked.finished.alike(entry, plan) or _run_once(checked, entry, plan)
        checked.budget.left -= run.steps
        fresh = {key: demand for key, demand in run.path.demands.items() if plan.demands.get(key) != demand}
        passed = plan.passed if run.raised is None or plan.choices else plan.passed | {run.raised}
        if not fresh and passed == plan.passed:
            break
        plan = replace(plan, demands={**plan.demands, **fresh}, passed=passed)
    return run


def may_be_retaken(checked: Checked, entry: Entry, run: Run) -> None:
    """Let who proves something of a path ask for it again with other inputs."""
    run.trace.retaken = partial(_retaken, checked, entry, run)
    run.trace.retaken_in_kind = partial(_retaken_in_kind, checked, entry, run)


def _retaken(checked: Checked, entry: Entry, run: Run, key: str, rank: int) -> Trace | None:
    """The path of a run where a leaf has another rank; None where the code raises for that rank, and not before.

    The ranks of the other leaves are taken as they are, but for those that follow from others.
    """
    choices = {choice.key: choice.taken for choice in run.path.choices.values()}
    demands = {
        name: demand if demand.because in STATED_RANKS else replace(demand, because=TRIED)
        for name, demand in run.plan.demands.items()
        if demand.because != JOINED
    }
    demands[key] = replace(run.plan.demands[key], rank=rank, because=TRIED)
    again = follow(checked, entry, replace(run.plan, choices=choices, demands=demands))
    is_of_ids = demands[key].dtype is Dtype.INT
    if (again.raised is not None and run.raised is None) or (is_of_ids and _fixes_samples(again.trace, key)):
        return None
    return None if errors(again.trace) - errors(run.trace) else again.trace


def _retaken_in_kind(checked: Checked, entry: Entry, run: Run, key: str) -> Trace | None:
    """The path of a run where a leaf is no tensor, as the code's own question says; None without such a question."""
    kinds = run.path.kinds.get(key)
    if kinds is None:
        return None
    choices = {choice.key: choice.taken for choice in run.path.choices.values()} | kinds
    again = follow(checked, entry, replace(_without(run.plan, {key}), choices=choices))
    return again.trace if again.raised is None else None


def errors(trace: Trace) -> Refused:
    """What torch refuses on a path."""
    return frozenset((node.op, node.path, node.span) for node in trace.nodes if node.error is not None)


def _start(checked: Checked, entry: Entry, plan: Plan) -> Run:
    source = checked.home.source
    members = checked.library.members
    trace = Trace(source.path, entry.name, text=source.text, likely=plan.sizes, members=members)
    return Run.of(trace, checked.home, checked.library, plan)


def _run_once(checked: Checked, entry: Entry, plan: Plan) -> Run:
    run = _start(checked, entry, plan)
    try:
        entry.body(run, checked.scope, checked.instances)
    except Raised:
        run.raised = run.guard
        run.recorder.frames.clear()
    except (BudgetSpent, RecursionError, OverflowError):
        # what the trace holds so far is true; the rest of the path is not followed
        run.recorder.frames.clear()
    count("runs")
    count("steps", run.steps - run.resumed)
    checked.finished.keep(entry, run)
    return run
