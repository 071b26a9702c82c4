"""Instances of classes that nobody constructs: built once, for all runs that would build them the same way.

A constructor is most of what a run does (seven tenths of its steps, over the models of four packages), and it begins
every run of every method. It depends on what it asks of the run's plan, and on nothing else that differs from run to
run but what functions bind in modules. So the first run is kept as it is when the instance is there, and a run whose
plan would give it the same answers goes on from a copy of it.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import field, fields

from shapelint.data import dataclass
from shapelint.infer.entries.copies import copied
from shapelint.infer.plan import Orders
from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.classes import instantiate
from shapelint.infer.values.checked.parameters import free_construction
from shapelint.infer.values.scopes import Class
from shapelint.shapes.value import Value
from shapelint.syntax import facts

MAX_BUILT = 32  #: runs that are kept for a file


@dataclass(frozen=True, slots=True)
class _Built:
    """A run that has done nothing but build an instance."""

    cls: Class
    run: Run
    instance: Value


@dataclass(frozen=True, slots=True)
class Instances:
    """The instances of a file's classes that its entry points begin with."""

    _built: deque[_Built] = field(default_factory=lambda: deque(maxlen=MAX_BUILT))

    def free(self, run: Run, cls: Class) -> Value:
        """An instance of a class that nobody constructs, for a run that begins with it."""
        for built in self._built:
            if built.cls is cls and built.run.path.orders.are_those_of(run.plan):
                return _resumed(run, built)
        here = facts.Name(cls.definition.name_span, cls.name)
        instance = instantiate(run, cls, Site(here, *free_construction(run, cls)))
        with suppress(RecursionError):  # an instance inside an instance, and so on: each run builds its own
            self._built.append(_Built(cls, *copied((run, instance), run.library)))
        return instance


def _resumed(run: Run, built: _Built) -> Value:
    """Make a run that has not begun one that has built the instance."""
    plan, entry, before = run.plan, run.trace.entry, built.run
    copy, instance = copied((before, built.instance), run.library)
    for part in fields(Run):
        setattr(run, part.name, getattr(copy, part.name))
    run.plan, run.trace.likely, run.trace.entry = plan, plan.sizes, entry
    run.path.orders = Orders(plan, dict(before.path.orders.answers))
    run.resumed = before.steps
    return instance
