"""The Python interface: `shapelint.check`, `shapelint.check_source` and `shapelint.shapes_of`.

What they return are the dataclasses of the JSON reports, which docs/schema.json describes: nothing is ever printed, and
the same promise of stability holds. The checks run in processes of their own, as those of the command line do.
"""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from shapelint.config import ConfigError, load_config
from shapelint.finding import Confidence
from shapelint.pipeline.executors.failure import ExecutorError
from shapelint.report.document import Document, ShapeRow
from shapelint.source import NOTEBOOK

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["ConfigError", "Document", "ExecutorError", "ShapeRow", "check", "check_source", "shapes_of"]

Verify = Literal["auto", "require", "off"]
Level = Literal["high", "medium", "low"]
Path = str | os.PathLike[str]


def check(
    paths: Path | Sequence[Path],
    *,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    verify: Verify | None = None,
    min_confidence: Level | None = None,
    cache: bool = True,
    executor: Executor | None = None,
) -> Document:
    """Check files and folders as `shapelint check` does, under the settings of the nearest pyproject.toml.

    What an argument leaves open the settings decide. Files that cannot be read are among the `errors` of the result.
    An `executor` has its workers check in place of processes of this machine, and is left open.
    Raises ConfigError for settings that cannot be used, and its kind ExecutorError for an executor that cannot be.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    wanted = _options(select, ignore, verify, min_confidence)
    return _checked([os.fspath(path) for path in given], None, wanted, cache, executor)


def check_source(
    text: str,
    path: Path = "<text>",
    *,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    verify: Verify | None = None,
    min_confidence: Level | None = None,
) -> Document:
    """Check a text as if it stood in the file `path`, which need not exist; with `.ipynb` it is that of a notebook.

    Raises ConfigError for settings that cannot be used.
    """
    wanted = _options(select, ignore, verify, min_confidence)
    return _checked([], (os.fspath(path), text), wanted, cache=False)


def shapes_of(text: str, path: Path = "<text>") -> tuple[ShapeRow, ...]:
    """The shape of every value in a text, in the order of the code; of a notebook the text is the file's.

    Raises ValueError for a text that is no Python, with the line.
    """
    from shapelint.notebooks.places import Places
    from shapelint.pipeline.processes.bounds import Bounded, BoundsError
    from shapelint.pipeline.shapes import shapes_in
    from shapelint.report.shapes.rows import rows_in, told
    from shapelint.source import Problem, decode_source

    name = os.fspath(path)
    source = decode_source(name, _bytes_of(text, name))
    if isinstance(source, Problem):
        raise ValueError(f"line {source.line}: {source.message}")
    try:
        with closing(Bounded()) as bounded:
            found, problems = bounded.call(shapes_in, source, load_config(name).given)
    except BoundsError as why:
        raise ValueError(f"cannot check the text: {why}") from None
    for problem in problems:
        if problem.cell is None:
            raise ValueError(f"line {problem.line}: {problem.message}")
    return tuple(told(rows_in([found]), Places({name: source.text})))


def _options(
    select: Sequence[str] | None, ignore: Sequence[str], verify: Verify | None, min_confidence: Level | None
) -> dict[str, Any]:
    from shapelint.config import check_codes, known_codes
    from shapelint.keys import VERIFY_MODES

    codes = [*(select or ()), *ignore]
    wrong = check_codes(codes, known_codes()) if codes else None
    if wrong:
        raise ConfigError(wrong)
    if verify not in (None, *VERIFY_MODES):
        raise ConfigError(f"verify must be one of {', '.join(VERIFY_MODES)}, not {verify!r}")
    try:
        confidence = Confidence(min_confidence) if min_confidence else None
    except ValueError:
        raise ConfigError(f"min_confidence must be high, medium or low, not {min_confidence!r}") from None
    chosen = None if select is None else tuple(select)
    return {"select": chosen, "ignore": tuple(ignore), "verify": verify, "min_confidence": confidence, "fix": False}


def _checked(
    paths: list[str],
    text: tuple[str, str] | None,
    options: dict[str, Any],
    cache: bool,
    executor: Executor | None = None,
) -> Document:
    from shapelint.pipeline.run import Input, run
    from shapelint.report.formats.json import document
    from shapelint.report.telling import Telling

    given = None if text is None else Input(text[0], _bytes_of(text[1], text[0]), on_disk=False)
    config = load_config(paths[0] if paths else text[0] if text else ".").with_command_line(**options)
    if not cache:
        config = replace(config, cache_dir=None)
    result = run(paths, config, stdin=given, executor=executor)
    if config.baseline_path is not None:
        from shapelint.pipeline.baseline import read

        result, _ = read(config.baseline_path).applied(result, paths)
    return document(result, Telling())


def _bytes_of(text: str, path: str) -> bytes:
    """The text as a file would hold it: in the encoding that its own comment names."""
    raw = text.encode("utf-8", "surrogatepass")
    if path.endswith(NOTEBOOK):
        return raw
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return text.encode(encoding)
    except (SyntaxError, UnicodeError):
        return raw
