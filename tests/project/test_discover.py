"""Which files are checked."""

import os
from pathlib import Path

import pytest

from shapelint.config import DEFAULT_EXCLUDES
from shapelint.pipeline.discover import discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(*paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    found = discover(paths or (".",), exclude)
    return [name.replace(os.sep, "/") for name in found.files]


def test_python_files_only_sorted_each_once(tree: Path) -> None:
    put(tree, "b.py", "a.py", "notes.txt", "stub.pyi", "pkg/c.py")
    assert names() == ["a.py", "b.py", "pkg/c.py"]
    assert names("pkg", ".", "./pkg/../a.py", str(tree / "pkg")) == ["a.py", "b.py", "pkg/c.py"]


def test_a_file_given_by_name_is_always_checked(tree: Path) -> None:
    put(tree, ".gitignore", text="ignored.py\nscript\n")
    put(tree, "ignored.py", "script", "build/x.py", "build/y.py")
    assert names("ignored.py", "script", "build/x.py", exclude=DEFAULT_EXCLUDES) == [
        "build/x.py",
        "ignored.py",
        "script",
    ]
    assert names("build", exclude=DEFAULT_EXCLUDES) == ["build/x.py", "build/y.py"]


def test_the_usual_folders_are_left_out(tree: Path) -> None:
    put(
        tree,
        ".venv/lib/a.py",
        "node_modules/a.py",
        "dist/a.py",
        "x/__pycache__/a.py",
        "site-packages/a.py",
        "a.py",
    )
    assert names(exclude=DEFAULT_EXCLUDES) == ["a.py"]


def test_gitignore_files_nest_and_the_inner_one_wins(tree: Path) -> None:
    put(tree, ".gitignore", text="*_gen.py\n/out/\n")
    put(tree, "sub/.gitignore", text="!keep_gen.py\nlocal.py\n")
    put(
        tree,
        "a_gen.py",
        "out/a.py",
        "sub/out/b.py",
        "sub/keep_gen.py",
        "sub/x_gen.py",
        "sub/local.py",
        "local.py",
    )
    assert names() == ["local.py", "sub/keep_gen.py", "sub/out/b.py"]


def test_gitignore_files_above_hold_inside_a_repository_only(tree: Path) -> None:
    put(tree, "work/.gitignore", text="skip.py\n")
    put(tree, "work/pkg/skip.py", "work/pkg/keep.py")
    assert names("work/pkg") == ["work/pkg/keep.py", "work/pkg/skip.py"]
    (tree / "work/.git").mkdir()
    assert names("work/pkg") == ["work/pkg/keep.py"]


def test_a_line_that_is_no_pattern_does_not_spoil_the_others(tree: Path) -> None:
    put(tree, ".gitignore", text="!\nskip.py\n/\n")
    put(tree, "skip.py", "keep.py")
    assert names() == ["keep.py"]


def test_exclude_patterns_are_relative_to_their_root(tree: Path) -> None:
    put(tree, "models/old/a.py", "models/new/a.py", "old/a.py", "legacy.py", "sub/legacy.py")
    assert names(exclude=("models/old", "legacy.py")) == ["models/new/a.py", "old/a.py"]
    assert names("sub", "models", exclude=("sub/*.py", "models/*/")) == []


def test_loops_of_links_end(tree: Path) -> None:
    put(tree, "pkg/a.py")
    (tree / "pkg/loop").symlink_to(tree)
    (tree / "link").symlink_to(tree / "pkg")
    assert names() == ["pkg/a.py"]
    assert names("link") == ["link/a.py"]


def test_links_that_lead_to_no_file_are_left_out(tree: Path) -> None:
    put(tree, "a.py")
    (tree / "circle.py").symlink_to(tree / "circle.py")
    (tree / "nowhere.py").symlink_to(tree / "gone.py")
    (tree / "alias.py").symlink_to(tree / "a.py")
    assert names() == ["a.py", "alias.py"]


def test_notebooks_are_found_but_for_their_checkpoints(tree: Path) -> None:
    put(tree, "a.py", "b.ipynb", "pkg/c.ipynb", ".ipynb_checkpoints/b-checkpoint.ipynb")
    assert names(exclude=DEFAULT_EXCLUDES) == ["a.py", "b.ipynb", "pkg/c.ipynb"]
    assert names("b.ipynb") == ["b.ipynb"]


def test_missing_paths_and_unreadable_folders_are_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tree, "a.py", "shut/b.py")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = discover((".", "nowhere"))
    assert found.files == ("a.py",)
    assert [(p.path, p.message) for p in found.problems] == [
        ("shut", "cannot read the folder: Permission denied"),
        ("nowhere", "no such file or directory"),
    ]
