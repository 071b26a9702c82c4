"""A project of three files, and an executor that calls in the caller's own thread, or sends and answers what a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from wrong_models import TAGGER

from shapelint.config import load_config
from shapelint.pipeline.run import run
from shapelint.report.result import RunResult

RIGHT = TAGGER.replace("out[-1]", "out[:, -1]")
SIZES = """\
from torch import nn
from parts import Part

class Whole(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.part = Part(n, h)

    def forward(self, x):
        return self.part(x)[-1]
"""
PART = """\
from torch import nn

class Part(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.rnn = nn.GRU(n, h, batch_first=FIRST)

    def forward(self, x):
        return self.rnn(x)[0]
"""


class Here(Executor):
    """Calls in the caller's own thread. `change` may make another request, or another answer, of what goes through."""

    def __init__(
        self,
        request: Callable[[Any], Any] = lambda request: request,
        answer: Callable[[bytes], Any] = lambda answer: answer,
    ) -> None:
        self.requests: list[Any] = []
        self.answers: list[Any] = []
        self._request, self._answer = request, answer

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """What a function gives for the one argument that all requests have."""
        future: Future[Any] = Future()
        [raw] = args
        self.requests.append(json.loads(raw))
        try:
            answer = self._answer(function(json.dumps(self._request(json.loads(raw))).encode()))
            self.answers.append(answer)
            future.set_result(answer)
        except Exception as error:
            future.set_exception(error)
        return future


def fields(request: Any) -> list[Any]:
    """The fields of a request by their places: run, number, folder, seconds, ..., tasks."""
    found: list[Any] = request[1]["Request"]
    return found


def with_field(place: int, value: object) -> Callable[[Any], Any]:
    def change(request: Any) -> Any:
        fields(request)[place] = value
        return request

    return change


FOLDER, TASKS = 2, 8


def checked(executor: Executor | None, *paths: str, prove: bool = False) -> RunResult:
    config = load_config(".").with_command_line(verify="auto" if prove else "off", cache_dir="cache")
    return run(paths or (".",), config, executor=executor)


def told(result: RunResult) -> list[str]:
    return [f"{one.path}:{one.span.line}: {one.code}" for one in result.findings]
