"""Starts the worker: torch is imported when the process is ready to end with its parent."""

from __future__ import annotations

from shapelint.process.path import run_hooks
from shapelint.process.serve import Answer, serve


def main(requests: int, answers: int) -> None:
    """Serve until the requests end."""
    serve(requests, answers, _prepare)


def _prepare() -> Answer:
    run_hooks()  # what torch needs may be installed so that only they find it
    from shapelint.verify.worker import worker

    worker.prepare()
    return worker.respond
