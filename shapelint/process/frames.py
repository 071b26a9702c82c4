"""Messages on a stream of bytes: the length, then the content."""

from __future__ import annotations

from typing import IO

_LENGTH = 8  #: bytes of the number in front


def write_frame(stream: IO[bytes], content: bytes) -> None:
    """Send a message; raises OSError when nobody reads."""
    stream.write(len(content).to_bytes(_LENGTH, "big"))
    stream.write(content)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next message; None when the stream ends, be it in the middle of one."""
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "big")
    content = stream.read(length)
    return content if len(content) == length else None
