"""From bytes to text and back."""

from __future__ import annotations

import pytest

from shapelint.prefilter import may_use_torch
from shapelint.source import Problem, Source, decode_source, encode_source

TEXT = "# -*- coding: latin-1 -*-\nx = 'é'\n"


def decoded(raw: bytes) -> Source:
    source = decode_source("m.py", raw)
    assert isinstance(source, Source)
    return source


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("above", ["", "#!/usr/bin/python\n"])
def test_a_coding_comment_holds_with_any_line_ends(end: str, above: str) -> None:
    text = (above + TEXT).replace("\n", end)
    compile(text.encode("latin-1"), "m.py", "exec")
    source = decoded(text.encode("latin-1"))
    assert (source.text, encode_source(source, b"")) == (text, text.encode("latin-1"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_coding_comment_on_the_third_line_is_none(end: str) -> None:
    raw = ("#\n#\n" + TEXT).replace("\n", end).encode("latin-1")
    with pytest.raises(SyntaxError):
        compile(raw, "m.py", "exec")
    assert isinstance(decode_source("m.py", raw), Problem)


def test_a_bom_is_no_text_and_comes_back() -> None:
    raw = b"\xef\xbb\xbfx = 1\r\n"
    source = decoded(raw)
    assert (source.text, encode_source(source, raw)) == ("x = 1\r\n", raw)


@pytest.mark.parametrize(
    "name", ["undefined", "punycode", "idna", "hex", "rot13", "zlib", "utf-16", "no-such-codec", "raw\x00"]
)
def test_a_codec_that_fails_is_told_in_one_line(name: str) -> None:
    problem = decode_source("m.py", f"# coding: {name}\nx = 'é'\nimport torch\n".encode())
    assert isinstance(problem, Problem)
    assert "\n" not in problem.message


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_characters_are_told_and_not_passed_over(codec: str) -> None:
    raw = "import torch.nn as nn\nnn.LSTM(3, 4)\n".encode(codec)
    problem = decode_source("m.py", raw)
    assert isinstance(problem, Problem)
    assert "UTF-16" in problem.message
    assert may_use_torch(raw)
