"""The check of one file, as a process is asked for it: plain data, and what does it there."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.pipeline.check import FileCheck, Wanted, check_bytes
from shapelint.project.given import Given
from shapelint.selection import Chosen


@dataclass(frozen=True, slots=True)
class Task:
    """A file's content, and what is asked of its check."""

    path: str
    raw: bytes
    chosen: Chosen
    min_confidence: Confidence
    prove: bool
    pictures: bool = False
    given: Given = Given()
    on_disk: bool = True  #: whether a file of this path has this content

    @property
    def wanted(self) -> Wanted:
        """The same in terms of the rules, which it imports: a run without fixes leaves that to its processes."""
        from shapelint.rules.index import by_default

        return Wanted(
            self.chosen.among(by_default()), self.min_confidence, self.prove, pictures=self.pictures, given=self.given
        )


def run_task(task: Task) -> FileCheck:
    """Check one file; never raises."""
    return check_bytes(task.path, task.raw, task.wanted)
