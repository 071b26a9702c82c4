"""A bar on standard error for a run that takes its time: the files that are checked, then the proofs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from shapelint.pipeline.progress import Progress

DELAY = 1.0  #: seconds of a run before anything is shown
EVERY = 0.1  #: seconds from one picture to the next
WIDTH = 24
FULL, EMPTY = "#", "."


@contextmanager
def shown(progress: Progress, stream: TextIO | None, delay: float = DELAY) -> Iterator[None]:
    """Show how far a run is, if the stream is a terminal that can go back to the begin of a line."""
    if stream is None or not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(progress, stream, delay, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def bar(progress: Progress, columns: int) -> str:
    """The files while some are unchecked, then the proofs; empty before it is known how many there are."""
    if not progress.files:
        return ""
    is_checking = progress.checked < progress.files
    what, done = ("checking", progress.checked) if is_checking else ("proving", progress.told)
    filled = WIDTH * done // progress.files
    text = f"{what:8} [{FULL * filled}{EMPTY * (WIDTH - filled)}] {done}/{progress.files} files"
    return text[: max(columns - 1, 0)]


def _show(progress: Progress, stream: TextIO, delay: float, ended: threading.Event) -> None:
    """Draw until the run has ended, and leave nothing behind."""
    from shutil import get_terminal_size  # it loads what packs archives, and a short run ends before anything is drawn

    drawn = ""
    wait = delay
    with suppress(OSError, ValueError):  # the terminal has gone
        while not ended.wait(wait):
            text, wait = bar(progress, get_terminal_size().columns), EVERY
            if text != drawn:
                stream.write("\r" + text.ljust(len(drawn)))
                stream.flush()
                drawn = text
        if drawn:
            stream.write("\r" + " " * len(drawn) + "\r")
            stream.flush()
