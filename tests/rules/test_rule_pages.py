"""docs/rules/ is what the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.rules.base import RULES, UNDECIDED
from shapelint.rules.docs import FOLDER, INDEX, pages, write

TEXTS = pages()


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
