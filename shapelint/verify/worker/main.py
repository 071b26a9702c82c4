"""Starts the worker: torch is imported when the process is ready to end with its parent."""

from __future__ import annotations

import gc

from shapelint.process.serve import Answer, serve


def main(requests: int, answers: int) -> None:
    """Serve until the requests end."""
    serve(requests, answers, _prepare)


def _prepare() -> Answer:
    gc.disable()  # torch's import makes many objects and no garbage: 10 % of its time
    from shapelint.verify.worker import worker

    worker.prepare()
    gc.freeze()
    gc.enable()
    return worker.respond
