"""Source text and places in it.

Every place in shapelint is a `Span` in Unicode code points; the edges (flake8, JSON, editors) convert.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import tokenize

from shapelint.data import dataclass
from shapelint.prefilter import is_wide

MAX_BYTES = 50_000_000  #: of a file: no code of people is as long
UNCHECKED, UNWRITTEN = "SHP001", "SHP003"  #: the codes of problems
NOTEBOOK = ".ipynb"
SHAPE_MARK = "# :: "  #: how the comments begin that `shapelint shapes --write` has written: no word of the author's


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A range of text: lines from 1, columns in code points from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def covers(self, other: Span) -> bool:
        """Whether `other` lies inside this span (or is equal to it)."""
        return (self.line, self.column) <= (other.line, other.column) and (
            other.end_line,
            other.end_column,
        ) <= (self.end_line, self.end_column)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file could not be checked (bad syntax, bad encoding, unreadable), or not be written."""

    path: str
    line: int
    message: str
    code: str = UNCHECKED
    internal: bool = False  #: the tool's own failure, not the file's
    cell: int | None = None  #: the cell of a notebook to which the line belongs; the others are checked all the same

    @property
    def told(self) -> str:
        """The place within the file: `7`, `cell 3:7`."""
        return f"{'' if self.cell is None else f'cell {self.cell}:'}{self.line}"


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text as Python reads it: decoded, without BOM, newlines as they stand in the file.

    That of a notebook is the code of its cells, see `notebooks/`.
    """

    path: str
    text: str
    encoding: str = "utf-8"

    @property
    def lines(self) -> list[str]:
        """The text cut at line feeds and carriage returns only (a form feed does not end a Python line)."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def shortened(text: str, longest: int) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def one_line(text: str, longest: int) -> str:
    """The same of a text put on one line."""
    return shortened(" ".join(text.split()), longest)


def read_regular(path: str, limit: int = MAX_BYTES) -> bytes:
    """The content of a file that has an end; raises OSError for a pipe, a device, and for more than `limit` bytes."""
    # opening a pipe would wait for a writer
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file; `shapelint -` reads standard input", path)
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit // 1_000_000} MB", path)
    return raw


def read_source(path: str) -> Source | Problem:
    """Read a file with the encoding that its BOM or coding comment names (PEP 263)."""
    try:
        raw = read_regular(path)
    except OSError as error:
        return Problem(path, 1, f"cannot read the file: {error.strerror or error}")
    return decode_source(path, raw)


def decode_source(path: str, raw: bytes) -> Source | Problem:
    """Decode bytes that were read for `path`; a `Problem` when they are not text in their own encoding."""
    if is_wide(raw):
        return Problem(
            path, 1, "cannot decode the file: it is UTF-16 or UTF-32, which Python does not read; save it as UTF-8"
        )
    if path.endswith(NOTEBOOK):
        return _decode_notebook(path, raw)
    try:
        # Python's own lines end at a carriage return, too
        lines = io.BytesIO(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        encoding, _ = tokenize.detect_encoding(lines.readline)
        text = raw.decode(encoding)
    except Exception as error:  # what a codec raises is its own affair
        return Problem(path, 1, f"cannot decode the file: {' '.join(str(error).split()) or type(error).__name__}")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return Problem(path, line, "the file holds NUL bytes; it is not Python text")
    return Source(path, text.removeprefix("\ufeff"), encoding)


def _decode_notebook(path: str, raw: bytes) -> Source | Problem:
    from shapelint.notebooks.document import NotebookError
    from shapelint.notebooks.join import code_of

    encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return Source(path, code_of(raw.decode(encoding)), encoding)
    except UnicodeDecodeError as error:
        return Problem(path, 1, f"cannot read the notebook: it is not valid UTF-8 at byte {error.start}")
    except NotebookError as error:
        return Problem(path, error.line, f"cannot read the notebook: {error}")


def encode_source(source: Source, raw: bytes) -> bytes:
    """The bytes of a text in its own encoding, with the BOM that it had; raises UnicodeEncodeError.

    `raw` is the content of the file before: all of a notebook that is no code stays as it is there.
    """
    if not source.path.endswith(NOTEBOOK):
        return source.text.encode(source.encoding)
    from shapelint.notebooks.join import with_code

    return with_code(raw.decode(source.encoding), source.text).encode(source.encoding)
