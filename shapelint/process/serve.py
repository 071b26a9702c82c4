"""The life of a started process: it answers one request after the other, and ends when its parent does."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import NoReturn, TypeAlias

from shapelint.process.frames import read_frame, write_frame

Answer: TypeAlias = Callable[[bytes], bytes]

ANSWERED, FAILED = b"+", b"-"  #: what an answer begins with; a failure goes on in one line of text
_PARENT_DEATH = 1  #: PR_SET_PDEATHSIG of Linux' prctl


def serve(requests: int, answers: int, prepare: Callable[[], Answer]) -> NoReturn:
    """Answer the requests with what `prepare()` gives, which may take its time to import things.

    When the requests end, the parent has stopped or is no more: the process ends at once, whatever it is doing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent says what it means
    _die_with_parent()
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(requests, waiting), daemon=True).start()
    answer = _prepared(prepare)
    with open(answers, "wb") as stream:
        while True:
            write_frame(stream, _answer(answer, waiting.get()))


def leave_room(size: int) -> None:
    """Let this process take `size` more bytes of address space; where the system does not tell what it has, all."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = taken + size if hard == resource.RLIM_INFINITY else min(taken + size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _prepared(prepare: Callable[[], Answer]) -> Answer:
    gc.disable()  # imports make many objects and no garbage: 10 % of their time
    try:
        return prepare()
    except (Exception, SystemExit) as error:
        why: BaseException = error
    finally:
        gc.freeze()
        gc.enable()

    def fail(_: bytes) -> bytes:
        raise why

    return fail


def _answer(answer: Answer, request: bytes) -> bytes:
    try:
        return ANSWERED + answer(request)
    except (Exception, SystemExit) as error:
        text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        return FAILED + text.encode("utf-8", "backslashreplace")


def _read(requests: int, waiting: SimpleQueue[bytes]) -> None:
    with open(requests, "rb") as stream:
        while (request := read_frame(stream)) is not None:
            waiting.put(request)
    os._exit(0)


def _die_with_parent() -> None:
    """Have Linux kill this process with its parent, also where native code leaves `_read` no turn."""
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
