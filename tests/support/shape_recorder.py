"""Run a program with torch and print, as JSON, the shapes that its names have after given lines.

`python shape_recorder.py FILE 5:output 5:h_n 9:result` prints [[line, name, [sizes], frame], ...]: one entry
for each time that the line ran; `frame` tells the calls of a function apart.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any


class Recorder:
    """A trace function that looks at names when the line after theirs begins, or their frame ends."""

    def __init__(self, path: str, wanted: dict[int, list[str]]) -> None:
        self.path = path
        self.wanted = wanted
        self.records: list[tuple[int, str, list[int], int]] = []
        self.lines: dict[FrameType, int] = {}
        self.frames: list[FrameType] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Recorder | None:
        if frame.f_code.co_filename != self.path:
            return None
        if event == "call":
            self.frames.append(frame)
        elif event in ("line", "return"):
            self.look(frame, self.lines.get(frame, 0))
            self.lines[frame] = frame.f_lineno
        return self

    def look(self, frame: FrameType, line: int) -> None:
        for name in self.wanted.get(line, ()):
            # a comprehension on the line has a frame of its own, without the name
            if name in frame.f_locals:
                shape = list(frame.f_locals[name].shape)
                self.records.append((line, name, shape, self.frames.index(frame)))


Record = tuple[int, str, list[int], int]


def record(path: str, wanted: Sequence[str]) -> list[Record]:
    """Run a program; the shapes of the wanted names whenever their lines have run."""
    names: dict[int, list[str]] = {}
    for item in wanted:
        line, _, name = item.partition(":")
        names.setdefault(int(line), []).append(name)
    recorder = Recorder(path, names)
    sys.settrace(recorder)
    try:
        runpy.run_path(path, run_name="__main__")
    finally:
        sys.settrace(None)
    return recorder.records


if __name__ == "__main__":
    print(json.dumps(record(sys.argv[1], sys.argv[2:])))
