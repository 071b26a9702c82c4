"""What goes to a worker and comes back: JSON, so that nothing that the checked code or a cache says makes an object.

A request begins with the sender's versions, which a worker of any other version can read and refuse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shapelint.cache.codec import CodecError, decoded, encoded
from shapelint.data import dataclass
from shapelint.effort import Effort
from shapelint.finding import Confidence
from shapelint.pipeline.executors.versions import Versions
from shapelint.pipeline.processes.task import Task
from shapelint.pipeline.told import Told, result_of, told_of
from shapelint.pipeline.verdicts import Judgement
from shapelint.project.given import Given
from shapelint.project.reads import Reads, Search, State, digest, state_digest
from shapelint.selection import Chosen

_SURROGATES = "surrogateescape"  #: any bytes as a text, and back


@dataclass(frozen=True, slots=True)
class SentTask:
    """A task. A file's content is that of the file, which the worker reads; `unsaved` is one that is in no file."""

    path: str
    content: str  #: its digest
    unsaved: str | None
    chosen: Chosen
    min_confidence: Confidence
    prove: bool
    pictures: bool
    given: Given

    @staticmethod
    def of(task: Task) -> SentTask:
        """What is sent of a task."""
        unsaved = None if task.on_disk else task.raw.decode("utf-8", _SURROGATES)
        asked = (task.chosen, task.min_confidence, task.prove, task.pictures, task.given)
        return SentTask(task.path, digest(task.raw), unsaved, *asked)

    def task(self, raw: bytes) -> Task:
        """The task of a content."""
        asked = (self.chosen, self.min_confidence, self.prove, self.pictures, self.given)
        return Task(self.path, raw, *asked, on_disk=self.unsaved is None)

    @property
    def unsaved_raw(self) -> bytes | None:
        """The content that is in no file."""
        return None if self.unsaved is None else self.unsaved.encode("utf-8", _SURROGATES)


@dataclass(frozen=True, slots=True)
class Request:
    """A chunk of files. What a worker remembers holds for one `run`; no two requests of it have the same `number`."""

    run: str
    number: int
    folder: str  #: where the run stands, which paths are relative to
    seconds: float  #: for a file
    prove: bool
    why: str  #: why nothing is proven, if nothing is
    keeps: bool  #: whether the sender keeps results, and asks what they rest on
    known: tuple[str, ...]  #: the digests of states that the sender has
    tasks: tuple[SentTask, ...]


@dataclass(frozen=True, slots=True)
class SentJudgement:
    """What became of a file, or why the worker does not see the content that it was to check (`unseen`)."""

    unseen: str | None = None
    told: Told = Told()
    answers: tuple[tuple[str, str, str], ...] = ()
    searches: tuple[Search, ...] = ()
    is_sure: bool = True  #: of what was read
    sure: bool = True  #: of what torch says

    @staticmethod
    def of(judgement: Judgement, keeps: bool) -> SentJudgement:
        """What is sent of a judgement; the states of its searches go with the chunk."""
        reads = judgement.reads if keeps else Reads()
        answers = tuple((*asked, answer) for asked, answer in reads.answers.items())
        told = told_of(judgement.result, judgement.torch)
        return SentJudgement(None, told, answers, tuple(reads.searches), reads.is_sure, judgement.sure)

    def judgement(self, task: Task, states: Mapping[str, State]) -> Judgement:
        """The judgement; raises ValueError where it cannot be one of this task."""
        answers = {(kind, path): answer for kind, path, answer in self.answers}
        mine = {search.state: states[search.state] for search in self.searches if search.state in states}
        reads = Reads(answers, dict.fromkeys(self.searches), mine, self.is_sure)
        return Judgement(result_of(task, self.told), reads, self.told.torch, self.sure)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the files of a request, in their order, or why the worker `refused` it. `host` tells whose it is.

    `torch` is the version that was run there so far, `failure` says why none could be.
    """

    host: str
    refused: str | None = None
    judgements: tuple[SentJudgement, ...] = ()
    states: tuple[State, ...] = ()
    torch: str | None = None
    failure: str | None = None
    seconds: tuple[tuple[str, float], ...] = ()
    work: tuple[tuple[str, int], ...] = ()

    @property
    def effort(self) -> Effort:
        """What it took."""
        effort = Effort()
        effort.seconds.update(self.seconds)
        effort.work.update(dict(self.work))
        return effort

    @property
    def by_digest(self) -> dict[str, State]:
        """The states by their digests."""
        return {state_digest(state): state for state in self.states}


def request_bytes(versions: Versions, request: Request) -> bytes:
    """A request as it is sent."""
    return json.dumps([encoded(versions), encoded(request)]).encode()


def versions_of(raw: bytes) -> tuple[Versions, Any]:
    """The versions of the sender, and the rest, for `request_of`; raises ValueError."""
    versions, *rest = json.loads(raw)
    return decoded(Versions, versions), rest


def request_of(rest: Any) -> Request:
    """The request; raises ValueError."""
    [request] = rest
    return decoded(Request, request)


def answer_bytes(answer: Answer) -> bytes:
    """An answer as it is sent."""
    return json.dumps(encoded(answer)).encode()


def answer_of(raw: object) -> Answer:
    """The answer; raises ValueError for anything else."""
    if not isinstance(raw, bytes):
        raise CodecError("no answer of ours")
    return decoded(Answer, json.loads(raw))
