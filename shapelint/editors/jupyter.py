"""The extension for Jupyter and IPython: `%load_ext shapelint`, then `%%shapes` above a cell, and `%shapelint on`.

Only the sources of cells are looked at, those of the cells that ran before along with the last one. Neither magic runs
anything, and the checks are made in processes of their own: torch is not loaded into the kernel.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from shapelint.config import Config, ConfigError, Selector, load_config
from shapelint.data import dataclass
from shapelint.notebooks.places import Places
from shapelint.pipeline.processes.bounds import Bounded, BoundsError
from shapelint.source import Problem, decode_source

if TYPE_CHECKING:
    from shapelint.report.document import ShapeRow
    from shapelint.report.result import FileResult
    from shapelint.verify.client import Verifier

PATH = "session.ipynb"  #: the name under which the cells are told; their numbers are those of `In [3]`
MOST_CELLS = 200  #: of a session that are looked at, the last ones
_USAGE = "usage: %shapelint on, or %shapelint off"
_NOTHING = {"cell_type": "raw", "source": ""}


_sessions: dict[int, Session] = {}  #: by the identity of the shell


def load_ipython_extension(shell: Any) -> None:
    """Give the shell the magics; `%load_ext shapelint` calls it."""
    session = Session(shell)
    shell.register_magic_function(session.shapes, "cell", "shapes")
    shell.register_magic_function(session.switch, "line", "shapelint")
    shell.events.register("post_run_cell", session.after)
    _sessions[id(shell)] = session


def unload_ipython_extension(shell: Any) -> None:
    """Take no part in the session any more; `%unload_ext shapelint` calls it."""
    session = _sessions.pop(id(shell), None)
    if session is not None:
        shell.events.unregister("post_run_cell", session.after)
        session.close()


@dataclass(slots=True)
class Session:
    """The sources of the cells that ran, by the numbers of their runs, and the processes that look at them."""

    shell: Any
    is_on: bool = False
    sources: dict[int, str] = field(default_factory=dict)
    _runs: dict[str, int] = field(default_factory=dict)  #: the last run of each cell that has an identity
    _checker: Bounded | None = None
    _verifier: Verifier | None = None

    def switch(self, line: str) -> None:
        """`%shapelint on`: tell findings below each cell that runs; `%shapelint off`: do not."""
        wanted = line.strip()
        if wanted not in ("on", "off"):
            print(_USAGE)
            return
        self.is_on = wanted == "on"
        print(f"shapelint is {wanted}")

    def shapes(self, line: str, cell: str) -> None:
        """`%%shapes`: show the shapes beside the lines of a cell, and do not run it."""
        number = self.shell.execution_count
        try:
            print(self._shapes({**self.sources, number: f"%%shapes\n{cell}"}, number, cell), end="")
        except BoundsError as why:
            print(f"shapelint: {why}")

    def after(self, result: Any) -> None:
        """What IPython calls when a cell has run."""
        number, source = result.execution_count or self.shell.execution_count, result.info.raw_cell or ""
        if source.lstrip().startswith("%%shapes"):  # it did not run
            return
        self._keep(number, source, getattr(result.info, "cell_id", None))
        if not self.is_on:
            return
        try:
            self._tell(number)
        except ConfigError as error:
            print(f"shapelint: {error}")
        except Exception as error:  # a slip of ours must not look like one of the cell's
            print(f"shapelint: internal error: {type(error).__name__}: {error}: please report this")

    def close(self) -> None:
        """End the processes."""
        if self._checker is not None:
            self._checker.close()
        if self._verifier is not None:
            self._verifier.close()
        self._checker = self._verifier = None

    def _keep(self, number: int, source: str, identity: str | None) -> None:
        """A cell that runs again takes the place of what it was."""
        if identity is not None:
            self.sources.pop(self._runs.get(identity, -1), None)
            self._runs[identity] = number
        self.sources[number] = source
        for old in sorted(self.sources)[:-MOST_CELLS]:
            del self.sources[old]

    def _tell(self, number: int) -> None:
        result = self._checked(_notebook(self.sources))
        if result is None:
            return
        import click

        from shapelint.report.formats.full import blocks
        from shapelint.report.telling import Telling

        places = Places({PATH: result.text})
        here = [one for one in result.findings if places.of(PATH, one.span).cell == number]
        if here:
            told = blocks(here, places, Telling())
            print(click.unstyle(told) if os.environ.get("NO_COLOR") else told, end="")
        for problem in result.problems:
            if problem.cell is None:
                print(f"shapelint: {problem.message}")

    def _checked(self, raw: bytes) -> FileResult | None:
        """What is found in the cells; None where none of them speaks of torch."""
        source = decode_source(PATH, raw)
        config = load_config(".")
        if isinstance(source, Problem) or not config.given.may_use_torch(source.text.encode("utf-8", "replace")):
            return None
        from shapelint.pipeline.processes.pool import bounded_check
        from shapelint.pipeline.processes.task import Task, run_task
        from shapelint.pipeline.verdicts import proven, unproven

        verifier = self._verifying(config)
        task = Task(
            PATH, raw, Selector(config).chosen(PATH), config.min_confidence, verifier is not None, given=config.given
        )
        check = bounded_check(self._checking(), PATH, run_task, task)
        return proven(check, verifier) if verifier else unproven(check, "torch is not asked")

    def _shapes(self, sources: dict[int, str], number: int, cell: str) -> str:
        from shapelint.pipeline.shapes import shapes_in
        from shapelint.report.shapes.rows import rows_in, told

        source = decode_source(PATH, _notebook(sources))
        if isinstance(source, Problem):
            return f"shapelint: {source.message}\n"
        found, problems = self._checking().call(shapes_in, source, load_config(".").given)
        for problem in problems:
            if problem.cell in (None, number):
                return f"shapelint: {problem.message}\n"
        rows = [row for row in told(rows_in([found]), Places({PATH: source.text})) if row.cell == number]
        return beside(cell.rstrip("\n").split("\n"), [replace(row, line=row.line - 1) for row in rows])

    def _checking(self) -> Bounded:
        self._checker = self._checker or Bounded()
        return self._checker

    def _verifying(self, config: Config) -> Verifier | None:
        from shapelint.verify.client import Verifier, available

        if config.verify == "off" or not available():
            return None
        self._verifier = self._verifier or Verifier()
        return self._verifier


def beside(lines: Sequence[str], rows: Iterable[ShapeRow]) -> str:
    """Lines of code with the shapes of the names that they give values."""
    from shapelint.report.shapes.rows import shape_text
    from shapelint.report.text import expand

    texts: dict[int, dict[str, None]] = {}
    for row in rows:
        if "(" not in row.name:
            texts.setdefault(row.line, {})[f"{row.name}: {shape_text(row)}"] = None
    shown = [expand(line) for line in lines]
    width = max((columns[-1] for text, columns in shown), default=0)
    told = (
        (text + " " * (width - columns[-1]), "; ".join(texts.get(number, ())))
        for number, (text, columns) in enumerate(shown, 1)
    )
    return "".join((f"{line}  # {shapes}" if shapes else line.rstrip()) + "\n" for line, shapes in told)


def _notebook(sources: dict[int, str]) -> bytes:
    """The cells as a notebook in which each has the number of its run."""
    last = max(sources, default=0)
    cells = [
        {"cell_type": "code", "source": sources[number]} if number in sources else _NOTHING
        for number in range(1, last + 1)
    ]
    return json.dumps({"cells": cells}).encode("utf-8", "surrogatepass")
