"""What a check reads is written down: each question to the file system, with its answer."""

from __future__ import annotations

from pathlib import Path

from shapelint.project.files import files_of, project_of, texts_with
from shapelint.project.imports import imported_file, read_import
from shapelint.project.reads import answer, doubt, forget, recorded, remembered, source_of
from shapelint.project.settings import values_given


def test_what_is_looked_for_and_not_found_is_read_too(tmp_path: Path) -> None:
    with recorded() as reads:
        assert imported_file(str(tmp_path / "model.py"), "layers", 0) is None
    assert reads.answers["file", str(tmp_path / "layers.py")] == ""
    assert reads.answers["file", str(tmp_path / "layers" / "__init__.py")] == ""
    (tmp_path / "layers.py").touch()
    assert answer("file", str(tmp_path / "layers.py")) != ""


def test_a_text_is_read_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "layers.py"
    path.write_text("import torch\n")
    with recorded() as reads:
        read_import(path)
        source_of(str(tmp_path / "gone.py"))
    assert reads.answers["content", str(path)] == answer("content", str(path)) != ""
    assert reads.answers["content", str(tmp_path / "gone.py")] == ""
    path.write_text("import torch  # other\n")
    assert reads.answers["content", str(path)] != answer("content", str(path))


def test_a_search_tells_the_state_of_the_project_and_what_it_found(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model.py").write_text("x = 1\n")
    (tmp_path / "train.py").write_text("kind = 'lstm'\n")
    with recorded() as reads:
        texts_with(project_of(str(tmp_path / "model.py")), "mention", "kind")
    [search] = reads.searches
    assert search.found == (str(tmp_path / "train.py"),)
    assert [path for path, _ in reads.states[search.state].files] == [
        str(tmp_path / "model.py"),
        str(tmp_path / "train.py"),
    ]


def test_what_is_remembered_comes_with_what_was_read_for_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model.py").write_text("class Reader:\n    pass\n")
    with recorded() as first:
        values_given(str(tmp_path / "model.py"), "kind")
    with recorded() as second:
        values_given(str(tmp_path / "model.py"), "kind")
    assert first.searches == second.searches != {}
    assert first.answers == second.answers


def test_a_file_that_changes_in_between_leaves_no_sure_result(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("x = 1\n")
    with recorded() as reads:
        source_of(str(path))
        path.write_text("x = 2\n")
        source_of(str(path))
    assert not reads.is_sure


def test_a_doubt_stays_with_what_is_remembered() -> None:
    @remembered(8)
    def doubtful(_: int) -> int:
        doubt()
        return 1

    for _ in range(2):
        with recorded() as reads:
            doubtful(1)
        assert not reads.is_sure


def test_a_cache_is_no_part_of_a_project(tmp_path: Path) -> None:
    for name in (".git", "inner", "cache"):
        (tmp_path / name).mkdir()
    for name in ("model.py", "inner/train.py", "cache/results.json", "cache/CACHEDIR.TAG"):
        (tmp_path / name).touch()
    forget()
    found = files_of(project_of(str(tmp_path / "model.py")))
    assert found == tuple(str(tmp_path / name) for name in ("model.py", "inner/train.py"))
