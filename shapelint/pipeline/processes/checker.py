"""The process that checks files: it calls functions of this package on request (`bounds.py` asks)."""

from __future__ import annotations

import gc
import pickle
from importlib import import_module

from shapelint.effort import phase, spent
from shapelint.process.path import run_hooks
from shapelint.process.serve import Answer, leave_room, serve

MEMORY = 2 << 30  #: bytes of address space beyond what the bare process takes
#: new objects before Python looks for garbage among them. What is understood of a file lives until its check is over,
#: and looking through it after each 700, as Python would, was a fifth of a check; now it takes 50 MB more
OBJECTS = 50_000


def main(requests: int, answers: int) -> None:
    """Serve until the requests end."""
    serve(requests, answers, _prepare)


def _prepare() -> Answer:
    leave_room(MEMORY)
    gc.set_threshold(OBJECTS)
    with phase("start"):
        try:
            _load()
        except ModuleNotFoundError:  # what only the hooks find, which take their time
            run_hooks()
            _load()
    return _call


def _load() -> None:
    """Import what every check needs before the first request comes: the parent has work of its own to do."""
    for module in ("syntax.parse", "infer.analyse", "rules.findings", "pipeline.processes.task"):
        import_module(f"shapelint.{module}")


def _call(request: bytes) -> bytes:
    """What a pickled function gives for pickled arguments, and what it took.

    Nothing for an empty request, which asks for readiness.
    """
    if not request:
        return b""
    function, arguments = pickle.loads(request)
    result = function(*arguments)
    return pickle.dumps((result, spent()))
