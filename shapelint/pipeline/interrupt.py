"""Ctrl-C and SIGTERM: both end a run early, with what was found so far."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn


class TerminatedError(KeyboardInterrupt):
    """SIGTERM came."""


def heed_termination() -> None:
    """Have SIGTERM raise `TerminatedError` in the main thread, as Ctrl-C raises KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _raise)


def signal_number(error: BaseException | None) -> int:
    """The number of the signal that an exception stands for; a shell gets 128 more as the exit status."""
    return int(signal.SIGTERM if isinstance(error, TerminatedError) else signal.SIGINT)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise TerminatedError
