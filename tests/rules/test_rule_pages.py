"""docs/rules/ is what the rules say."""

from __future__ import annotations

import ast
import contextlib
import io
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from blocks import blocks

from shapelint.rules.base import RULES, UNDECIDED
from shapelint.rules.docs import FOLDER, INDEX, pages, write

TEXTS = pages()
INCOMPLETE = (ImportError, NameError, SyntaxError)  #: what code raises that is not all there


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_page_is_up_to_date(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == TEXTS[name], "run `python -m shapelint.rules.docs`"


def test_no_page_of_a_rule_that_is_gone() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(TEXTS)


def test_index_links_every_rule() -> None:
    assert all(f"[{code}]({code}.md)" in TEXTS[INDEX] for code in RULES)


def test_index_tells_why_there_is_no_rule() -> None:
    assert all(f"| {code} | {entry.name} | {entry.reason} |" in TEXTS[INDEX] for code, entry in UNDECIDED.items())


def test_write_removes_old_pages(tmp_path: Path) -> None:
    (tmp_path / "SHP000.md").write_text("old", encoding="utf-8")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_all_python_on_it_is_python(name: str) -> None:
    for block in blocks(TEXTS[name]):
        if block.language == "python":
            ast.parse(block.text)


@pytest.mark.parametrize("code", sorted(RULES))
def test_examples_are_programs_that_run(code: str) -> None:
    """What is not reported runs through; what is reported runs, too, or raises what torch or Python say of the mistake."""
    for text in RULES[code].good:
        assert (error := _raised(text)) is None or _lacks(error), (text, error)
    for text in RULES[code].bad:
        assert not isinstance(error := _raised(text), INCOMPLETE) or _lacks(error), (text, error)


def _raised(program: str) -> Exception | None:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(program, "example.py", "exec"), {"__name__": "__main__"})
        except Exception as error:
            return error
        finally:  # what a program sets is not for the next one
            torch.set_default_device(None)
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
    return None


def _lacks(error: Exception) -> bool:
    """Whether a program lacks something here: a GPU, or a package that shapelint only knows by name."""
    is_absent = isinstance(error, ModuleNotFoundError) and error.name is not None and find_spec(error.name) is None
    return is_absent or "not compiled with CUDA" in str(error) or "no NVIDIA driver" in str(error)
