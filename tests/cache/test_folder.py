"""The folder of the cache: what is no cache of ours, who may write it, and what is dropped from it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from counted import MODEL, begun, check, ended, results
from here import here

from shapelint.cache.folder import MAX_BYTES

pytestmark = pytest.mark.usefixtures("kept_processes")


SPOILED = {
    "empty": b"",
    "truncated": None,
    "binary": bytes(range(256)),
    "another document": b'{"answers": 3}',
    "a list": b"[1, 2]",
    "deep": b"[" * 200_000,
    "large": b" " * (MAX_BYTES + 1),
    "a long number": b'{"answers": [' + b"9" * 100_000 + b"]}",
}


@pytest.mark.parametrize("kind", SPOILED)
def test_what_is_no_cache_of_ours_is_written_anew(project: Path, kind: str) -> None:
    first = check(project)
    path = results(project)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] if SPOILED[kind] is None else SPOILED[kind])  # type: ignore[arg-type]
    assert check(project).done == first.done
    assert check(project).is_idle
    assert json.loads(path.read_bytes())["entries"]


def forged(document: object) -> Iterator[object]:
    """The document with each of its parts replaced."""
    if isinstance(document, dict | list):
        for key, value in list(document.items() if isinstance(document, dict) else enumerate(document)):
            for other in (None, -1, 10**9, "\x1b[31m", [], {}, *forged(value)):
                changed = document.copy()
                changed[key] = other  # type: ignore[index]
                yield changed


def test_a_forged_result_is_no_result(project: Path) -> None:
    """Whatever stands in the place of a part, the run ends in order, and shows nothing that commands the terminal."""
    check(project, "--verify=off", "--output-format=full")
    path = results(project)
    document = json.loads(path.read_bytes())
    [key] = document["entries"]
    whole = [dict(document, entries={key: entry}) for entry in forged(document["entries"][key])]
    chosen = [*whole[:: max(len(whole) // 20, 1)], *list(forged(dict(document, entries={})))[::600]]
    for one in chosen:
        path.write_text(json.dumps(one))
        done = here(project, "--verify=off", "--output-format=full")
        assert done.status in (0, 1, 2)
        assert b"\x1b" not in done.out + done.err


def test_two_runs_at_once_are_safe(project: Path) -> None:
    expected = check(project, "--no-cache", "--verify=off")
    running = [begun(project, "--verify=off") for _ in range(4)]
    assert [ended(process).done for process in running] == [expected.done] * 4
    assert check(project, "--verify=off").is_idle
    assert not list((project / ".shapelint_cache").glob(".shapelint-*"))


def test_the_second_of_two_runs_keeps_what_the_first_has_written(project: Path) -> None:
    (project / "other.py").write_text(MODEL)
    running = [begun(project, "--verify=off", name) for name in ("model.py", "other.py")]
    for process in running:
        ended(process)
    check(project, "--verify=off", "model.py")
    check(project, "--verify=off", "other.py")
    assert check(project, "--verify=off").is_idle


def test_the_folder_is_marked(project: Path) -> None:
    check(project)
    folder = project / ".shapelint_cache"
    assert (folder / ".gitignore").read_text().endswith("*\n")
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


@pytest.mark.parametrize("where", ["tempfile.mkstemp", "os.makedirs", "os.replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_told_once(
    project: Path, where: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    expected = here(project, "--no-cache", "--verify=off")
    monkeypatch.setattr(where, fail)
    failed = here(project, "--verify=off")
    monkeypatch.undo()
    assert (failed.out, failed.status) == (expected.out, expected.status)
    assert failed.err.count(b"the cache ") == 1
    lines = [line for line in failed.err.splitlines() if b"the cache " not in line]
    assert lines == expected.err.splitlines()


def test_another_folder_is_left_alone(project: Path) -> None:
    folder = project / "mine"
    folder.mkdir()
    (folder / "results.txt").write_text("mine")
    done = here(project, "--verify=off", "--cache-dir=mine")
    assert b"it holds something else" in done.err
    assert [path.name for path in folder.iterdir()] == ["results.txt"]
    assert here(project, "clean", "--cache-dir=mine").status == 2
    assert (folder / "results.txt").read_text() == "mine"


def test_a_link_is_not_followed(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / ".shapelint_cache").symlink_to(tmp_path / "elsewhere")
    assert b"it is a link" in check(project).done.err
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (project / ".shapelint_cache").unlink()
    check(project)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = results(project)
    path.unlink()
    path.symlink_to(secret)
    check(project)
    assert secret.read_text() == "secret"
    assert not path.is_symlink()


def test_clean_removes_it(project: Path) -> None:
    check(project)
    assert here(project, "clean").status == 0
    assert not (project / ".shapelint_cache").exists()
    assert here(project, "clean").status == 0


def test_the_settings_name_the_folder(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.shapelint]\ncache-dir = "kept/here"\n')
    check(project)
    assert (project / "kept" / "here" / "CACHEDIR.TAG").is_file()
    assert not (project / ".shapelint_cache").exists()
    assert check(project).is_idle


def test_nothing_is_kept_where_that_is_not_wanted(project: Path) -> None:
    check(project, "--no-cache", "--verify=off")
    assert not (project / ".shapelint_cache").exists()


def test_a_timeout_is_not_kept(project: Path) -> None:
    late = here(project, "--verify=off", "--file-timeout=0.00001")
    assert b"took more than" in late.err
    assert late.status == 2
    assert here(project, "--verify=off").status == 1


def test_what_is_gone_is_dropped(project: Path) -> None:
    (project / "other.py").write_text(MODEL)
    check(project)
    assert len(json.loads(results(project).read_bytes())["entries"]) == 2
    (project / "other.py").unlink()
    (project / "model.py").write_text(MODEL + "\n")
    check(project)
    entries = json.loads(results(project).read_bytes())["entries"]
    assert {Path(one[0]).name for one in entries.values()} == {"model.py"}


def test_what_nobody_used_for_long_is_dropped(project: Path) -> None:
    check(project)
    document = json.loads(results(project).read_bytes())
    for entry in document["entries"].values():
        entry[1] -= 100
    results(project).write_text(json.dumps(document))
    check(project, "--verify=off", "--select=SHP1")
    assert len(json.loads(results(project).read_bytes())["entries"]) == 1
