"""Make an input small that shows a fault: drop lines, then tokens, as long as the fault stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fuzzing.mutations import tokens_of

MAX_TRIALS = 3_000


def reduced(raw: bytes, shows: Callable[[bytes], bool]) -> bytes:
    """A small part of an input that still shows what the whole one does."""
    trials = 0

    def still(pieces: Sequence[bytes]) -> bool:
        nonlocal trials
        trials += 1
        return trials <= MAX_TRIALS and shows(b"".join(pieces))

    size = len(raw) + 1
    while len(raw) < size:
        size = len(raw)
        raw = b"".join(_without(raw.splitlines(keepends=True), still))
        raw = b"".join(_without(_tokens(raw), still))
    return raw


def _tokens(raw: bytes) -> list[bytes]:
    try:
        return [token.encode() for token in tokens_of(raw.decode())]
    except UnicodeError:
        return [raw[at : at + 1] for at in range(len(raw))]


def _without(pieces: list[bytes], still: Callable[[Sequence[bytes]], bool]) -> list[bytes]:
    """The pieces without those that can go: runs of half of them, of a quarter, ..., single ones."""
    length = len(pieces)
    while length > 1:
        length = (length + 1) // 2
        at = len(pieces) - length
        while at > -length:
            rest = pieces[: max(at, 0)] + pieces[max(at, 0) + length :]
            if rest != pieces and still(rest):
                pieces = rest
            at -= length
    return pieces
