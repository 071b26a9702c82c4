"""Loops and comprehensions: they are followed for a sample of their rounds (`infer/values/rounds.py`)."""

from __future__ import annotations

from shapelint.infer.code.assign import assign
from shapelint.infer.code.left_by_loops import LeftByLoop
from shapelint.infer.dispatch import Flow, evaluate, execute, executes
from shapelint.infer.protocol import rounds, truth
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.rounds import MAX_EXACT, are_alike, member_of, name_of_later
from shapelint.infer.values.scopes import Scope
from shapelint.infer.values.truth import truth_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, Int, List, Tensor, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.events import Loop

MAX_NESTING = 2  #: loops inside loops that get their second round


@executes(facts.For)
def for_loop(run: Run, scope: Scope, node: facts.For) -> Flow:
    """`for`: each followed round in order."""
    iterable = evaluate(run, scope, node.iterable)
    begin = len(run.trace.nodes)
    followed = rounds(run, iterable, node.iterable)
    flow = _follow(run, scope, node, followed.values, followed.count, begin)
    if flow is Flow.RETURN:
        return flow
    return execute(run, scope, node.orelse) if flow is Flow.NEXT else Flow.NEXT


def _follow(run: Run, scope: Scope, node: facts.For, values: tuple[Value, ...], count: Dim | None, begin: int) -> Flow:
    loop, followed = LeftByLoop(run, scope, node), 0
    starts: list[int] = []
    is_deep = count is not None and run.loops >= MAX_NESTING
    run.loops += count is not None
    flow = Flow.NEXT
    for value in values:
        if followed and (is_deep or _is_over(run, count, followed)):
            break
        loop.begin_round(later=count is not None and followed > 0)
        starts.append(len(run.trace.nodes))
        assign(run, scope, node.target, value, node)
        is_mixed = count is not None and not are_alike(values[: followed + 1])
        with run.recorder.within(member_of(None if is_mixed else count, followed), skips=is_mixed):
            flow = execute(run, scope, node.body)
        followed += 1
        if flow in (Flow.BREAK, Flow.RETURN):
            break
        flow = Flow.NEXT
    run.loops -= count is not None
    if count is not None:
        loop.stand_for(count if flow is Flow.NEXT else loop.rounds, followed)
        loop.forget_passed_over()
        if is_deep and flow is Flow.NEXT and followed == 1:
            loop.forget_begun()
        if flow is Flow.NEXT and followed == 2:
            step = name_of_later(node.iterable)
            run.trace.loops.append(Loop(begin, starts[0], starts[1], len(run.trace.nodes), count, step))
    return flow


def _is_over(run: Run, count: Dim | None, followed: int) -> bool:
    """Whether the path has said since the loop began that there are no more rounds: `i == layers - 1` in the first."""
    known = None if count is None else run.resolve(count).constant
    return known is not None and known <= followed


@executes(facts.While)
def while_loop(run: Run, scope: Scope, node: facts.While) -> Flow:
    """`while`: followed to its end while the condition is known, else for a round or two that stand for more."""
    loop, followed, limit = LeftByLoop(run, scope, node), 0, MAX_EXACT
    flow = Flow.NEXT
    while flow in (Flow.NEXT, Flow.CONTINUE):
        holds = _still_holds(run, scope, node)
        if holds is False:
            return execute(run, scope, node.orelse)
        limit = limit if holds else 2
        if followed >= limit:
            break
        if followed and run.loops >= MAX_NESTING:
            loop.forget_begun()
            break
        loop.begin_round(later=limit == 2 and followed > 0)
        run.loops += 1
        flow = execute(run, scope, node.body)
        run.loops -= 1
        followed += 1
    if flow is Flow.RETURN:
        return flow
    loop.stand_for(loop.rounds, followed)
    return Flow.NEXT


def _still_holds(run: Run, scope: Scope, node: facts.While) -> bool | None:
    """Whether a loop goes on; None where data, an unknown size or a `break` in the body end it."""
    choices, decisions = len(run.path.choices), len(run.trace.decisions)
    run.path.says_nothing, outer = True, run.path.says_nothing
    test = evaluate(run, scope, node.test)
    run.path.says_nothing = outer
    asked = list(run.path.choices)[choices:]
    for key in asked:  # that a loop goes on is no choice of the path: it ends in any case
        del run.path.choices[key]
    del run.trace.decisions[decisions:]
    if asked or isinstance(test, Unknown | Tensor):
        return None
    known = truth_of(test) if isinstance(test, Int) else truth(run, test, node.test)
    return None if known and isinstance(node.test, facts.Literal) else known


def comprehension(run: Run, scope: Scope, node: facts.Comprehension) -> Value:
    """The list, dict or generator that a comprehension makes; the conditions are taken to hold."""
    inner = Scope({}, scope)
    collected: list[Value] = []
    keys: list[Value] = []
    count = _fill(run, inner, node, node.generators, collected, keys)
    if node.kind == "dict":
        known = {constant_key(k): v for k, v in zip(keys, collected, strict=True)}
        return Dict({k: v for k, v in known.items() if k is not None}, open=count is not None or None in known)
    return List(collected, count)


def _fill(
    run: Run,
    scope: Scope,
    node: facts.Comprehension,
    generators: tuple[facts.Generator, ...],
    collected: list[Value],
    keys: list[Value],
) -> Dim | None:
    if not generators:
        if node.key is not None:
            keys.append(evaluate(run, scope, node.key))
        collected.append(evaluate(run, scope, node.element))
        return None
    generator = generators[0]
    followed = rounds(run, evaluate(run, scope, generator.iterable), generator.iterable)
    inner: Dim | None = None
    exact, start = True, len(collected)
    for number, value in enumerate(followed.values):
        start = len(collected)
        with run.recorder.within(member_of(followed.count, number)):
            assign(run, scope, generator.target, value, None)
            answers = [truth_of(evaluate(run, scope, condition)) for condition in generator.conditions]
            if False in answers:
                exact = exact and followed.count is None
                continue
            exact = exact and None not in answers
            inner = _fill(run, scope, node, generators[1:], collected, keys)
    if not exact:
        return Dim.symbol(f"len({run.key_of(generator.iterable)})")
    if followed.count is None:
        return inner if inner is None else inner * Dim.of(len(followed.values))
    # what the last round collected stands for what every round does
    return followed.count * (inner or Dim.of(len(collected) - start))
