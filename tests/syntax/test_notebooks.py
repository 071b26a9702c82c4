"""Notebooks as one text: what is read of them, what gives way, and that nothing else is written."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from shapelint.finding import Edit
from shapelint.notebooks.escapes import put_away, put_back
from shapelint.notebooks.join import texts_of
from shapelint.notebooks.places import Places
from shapelint.source import Problem, Source, Span, decode_source, encode_source
from shapelint.verify.edits import apply_edits

PATH = "nb.ipynb"


def cell(source: str | list[str], kind: str = "code", **metadata: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": metadata, "source": source}


def notebook(*cells: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def read(raw: bytes) -> Source:
    source = decode_source(PATH, raw)
    assert isinstance(source, Source), source
    return source


def cells_of(raw: bytes) -> dict[int, str]:
    return dict(texts_of(read(raw).text))


def refusal(raw: bytes) -> tuple[int, str]:
    problem = decode_source(PATH, raw)
    assert isinstance(problem, Problem)
    return problem.line, problem.message.removeprefix("cannot read the notebook: ")


def without_marks(text: str) -> str:
    return "\n".join(line.partition("  #\x1f")[0] if "\x1f" in line else line for line in text.split("\n"))


def test_code_cells_are_numbered_among_all_cells() -> None:
    raw = notebook(
        cell("# Title", "markdown"), cell("x = 1\n"), cell("raw", "raw"), cell(["y = x\n", "z = y"]), cell("")
    )
    assert cells_of(raw) == {2: "x = 1\n", 4: "y = x\nz = y", 5: ""}


def test_format_3() -> None:
    page = {
        "cells": [{"cell_type": "heading", "source": "Hi"}, {"cell_type": "code", "input": ["x = 1\n"], "outputs": []}]
    }
    raw = json.dumps({"metadata": {"name": ""}, "nbformat": 3, "worksheets": [page, {"metadata": {}}, page]}).encode()
    assert cells_of(raw) == {2: "x = 1\n", 4: "x = 1\n"}


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"language": "R", "name": "ir"}},
        {"language_info": {"name": "julia"}, "kernelspec": {"language": "python"}},
    ],
)
def test_another_language_is_not_read(metadata: dict[str, Any]) -> None:
    assert cells_of(notebook(cell("x <- 1"), metadata=metadata)) == {}


@pytest.mark.parametrize(
    "source", ["%%bash\nls out[-1]", "%%writefile model.py\nx = 1", "\n%%html\n<b>", "%%sql\nselect 1", "x = '\x1f'"]
)
def test_a_cell_that_is_no_python_is_left_out(source: str) -> None:
    assert cells_of(notebook(cell("x = 1"), cell(source))) == {1: "x = 1"}


def test_cells_of_editors_say_their_language() -> None:
    raw = notebook(
        cell("x", vscode={"languageId": "r"}), cell("y", vscode={"languageId": "python"}), cell("z", cellView="form")
    )
    assert cells_of(raw) == {2: "y", 3: "z"}


ESCAPES = {
    "%matplotlib inline": "pass",
    "    %time f(": "    pass",
    "!pip install 'it": "pass",
    "!!ls": "pass",
    "nn.LSTM?": "pass",
    "  nn.LSTM??": "  pass",
    "?nn.LSTM": "pass",
    "files = !ls *.py": "files = get_ipython()",
    "a, b = %who_ls": "a, b = get_ipython()",
    "%%time": "pass",
    "pip install torch": "pass",
    "cd ..": "pass",
    "!pip install \\\n  torch": "pass\n#",
}


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_ipython_reads_gives_way(escape: str, end: str) -> None:
    indent = escape[: len(escape) - len(escape.lstrip())]
    text = f"if 1:\n{indent or '    '}pass\n{escape}\n{indent}after = '''\n%no magic\n'''  # why?\n".replace("\n", end)
    away = put_away(text)
    assert put_back(away, text) == text
    assert len(away.splitlines()) == len(text.splitlines())
    expected = text.replace(escape.replace("\n", end), ESCAPES[escape].replace("\n", end))
    marked = [line.replace("  #\x1f", "\x1f").partition("\x1f")[0] for line in away.splitlines()]
    assert marked == expected.splitlines()
    ast.parse(away)
    if not escape[0].isalpha() or "=" in escape or "?" in escape:  # what bears no sign is dealt with by its shell
        assert TransformerManager().transform_cell(text) != text.replace(end, "\n")


@pytest.mark.parametrize(
    "text",
    [
        "x = (a\n% b)\n",
        "s = '''\n!ls\n%time\n'''\n",
        "x = a \\\n    % b\n",
        "x != y  # is it?\n",
        "f'''\n%d {x!r:%s}\n'''\n",
        "ls = pip = 3\nls - pip\npip in [ls]\n",
        "print('ready?')\n",
        "d = {\n    'a': '?',\n}\n",
        "'''a?'''\n",
    ],
)
def test_python_stays(text: str) -> None:
    assert put_away(text) == text
    ast.parse(text)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", (1, "it is not valid JSON: expecting value")),
        (b'{"cells": [\n{]}', (2, "it is not valid JSON: expecting value")),
        (b'{"cells": [],}', (1, "it is not valid JSON: a comma stands before a closing bracket")),
        (b'{"cells": []} x', (1, "it is not valid JSON: extra data")),
        (b"[]", (1, "a notebook must be an object")),
        (b'{"metadata": {}}', (1, "it has no cells")),
        (b'{"cells":\n{}}', (2, "`cells` must be a list")),
        (b'{"cells": [3]}', (1, "a cell must be an object")),
        (b'{"cells": [{"source": []}]}', (1, "cell 1 has no cell_type")),
        (b'{"cells": [{"cell_type": "code"}]}', (1, "cell 1 has no source")),
        (b'{"cells": [\n{"cell_type": "code", "source": [1]}]}', (2, "the source of cell 1 is no text")),
        (b'{"cells": "\xff"}', (1, "it is not valid UTF-8 at byte 11")),
        (b"[" * 100_000, (1, "a notebook must be an object")),
        (b'{"a": ' + b"[" * 100_000, (1, "it is not valid JSON: nested too deeply, or a number of too many digits")),
    ],
)
def test_what_is_no_notebook_is_told_in_one_line(raw: bytes, told: tuple[int, str]) -> None:
    if raw.startswith(b"[["):
        told = (1, "it is not valid JSON: nested too deeply, or a number of too many digits")
    assert refusal(raw) == told


@given(st.binary(max_size=60) | st.text('{}[]",:\\ncells', max_size=60).map(str.encode))
def test_no_file_raises(raw: bytes) -> None:
    assert isinstance(decode_source(PATH, raw), Source | Problem)


CODE = st.text("abé%!?='\"\\()[]{}#:; \n\t\r\u2028", max_size=40)


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown"]), st.lists(CODE, max_size=3) | CODE), max_size=4))
def test_every_cell_is_read_and_every_byte_comes_back(given_cells: Sequence[tuple[str, Any]]) -> None:
    raw = notebook(*(cell(source, kind) for kind, source in given_cells))
    source = read(raw)
    assert encode_source(source, raw) == raw
    texts = {n: "".join(text) for n, (kind, text) in enumerate(given_cells, 1) if kind == "code"}
    assert {n: put_back(text, texts[n]) for n, text in texts_of(source.text).items()} == {
        n: text for n, text in texts.items() if not text.lstrip().startswith("%%")
    }


FORMS = {
    "Jupyter's": {"indent": 1, "ensure_ascii": False},
    "Colab's": {"indent": 2},
    "one line": {},
    "no blanks": {"separators": (",", ":")},
}
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["x = out[-1]\n", "é \u2028"]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_all_but_the_code_of_one_cell_stays(form: str, end: str, as_list: bool, bom: bytes) -> None:
    code = "%%time\n!ls\ny = 'é'\nx = out[-1]"
    source: Any = code.splitlines(keepends=True) if as_list else code
    document = {
        "nbformat_minor": 5,
        "cells": [cell("x = out[-1]"), {"outputs": [OUTPUT], "source": source, "id": "a/b", "cell_type": "code"}],
        "metadata": {"z": 1.50, "a": None},
        "nbformat": 4,
    }
    text = json.dumps(document, **FORMS[form]) + end
    if end == "\r\n":
        text = text.replace("\n", end).replace("\r\r", "\r")
    raw = bom + text.encode()
    before = read(raw)
    line = before.lines.index("x = out[-1]", 3) + 1
    after = Source(PATH, apply_edits(before.text, [Edit(Span(line, 8, line, 10), ":, -1")]), before.encoding)
    quoted = "x = out[-1]" if as_list else "= 'é'\nx = out[-1]"
    old = json.dumps(quoted, ensure_ascii=text.isascii())[1:]
    assert text.count(old) >= 1
    at = text.rindex(old)
    expected = text[:at] + old.replace("[-1]", "[:, -1]") + text[at + len(old) :]
    assert encode_source(after, raw) == bom + expected.encode()


def test_lines_that_are_added_look_like_the_others() -> None:
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}}
    raw = json.dumps({**document, "cells": [cell(["a\n", "b"])]}, indent=1).encode()
    source = read(raw)
    inserted = Edit(Span(2, 0, 2, 0), "h = 'é'\n")
    after = Source(PATH, apply_edits(source.text, [inserted]))
    lines = ["h = 'é'\n", "a\n", "b"]
    assert encode_source(after, raw).decode() == json.dumps({**document, "cells": [cell(lines)]}, indent=1)
    assert nbformat.reads(encode_source(after, raw).decode(), 4).cells[0].source == "".join(lines)


def test_an_edit_over_the_end_of_a_cell_is_refused() -> None:
    raw = notebook(cell("a"), cell("b"))
    source = read(raw)
    text = apply_edits(source.text, [Edit(Span(2, 0, 4, 0), "")])
    with pytest.raises(LookupError):
        encode_source(Source(PATH, text), raw)


def test_places() -> None:
    source = read(notebook(cell("# one", "markdown"), cell("a\nb\n"), cell("c\nd")))
    places = Places({PATH: source.text, "m.py": "pass  #\x1f\x1f1\nx\n"})
    line = source.lines.index("d") + 1
    assert str(places.of(PATH, Span(line, 4, line, 5))) == "nb.ipynb:cell 3:2:5"
    assert str(places.of(PATH, Span(3, 0, 3, 1))) == "nb.ipynb:cell 2:2:1"
    assert str(places.of("m.py", Span(2, 0, 2, 1))) == "m.py:2:1"
    assert places.cells(PATH).line_of(3, 2) == line
