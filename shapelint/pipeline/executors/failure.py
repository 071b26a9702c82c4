"""What ends a run by an executor, and how it is told."""

from __future__ import annotations

from shapelint.config import ConfigError


class ExecutorError(ConfigError):
    """An executor or its workers cannot be used; the text is one line for people."""


def told(error: BaseException) -> str:
    """An exception of somebody else's in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
