"""Replacing a file: at once, with all that belongs to it, or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from shapelint.pipeline.write import replace_content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.py"
    path.write_bytes(b"old")
    return path


def entries(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o664])
def test_the_content_is_replaced_and_the_mode_stays(file: Path, mode: int) -> None:
    file.chmod(mode)
    inode = file.stat().st_ino
    replace_content(str(file), b"old", b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert (file.read_bytes(), entries(file)) == (b"new", ["m.py"])
    assert file.stat().st_ino != inode, "the old file is never written to"


def test_links_stay_links(file: Path) -> None:
    (file.parent / "sub").mkdir()
    link = file.parent / "sub" / "link.py"
    link.symlink_to("../m.py")
    replace_content(str(link), b"old", b"new")
    assert link.is_symlink()
    assert os.readlink(link) == "../m.py"
    assert (file.read_bytes(), list(link.parent.iterdir())) == (b"new", [link])


def test_what_is_there_already_is_not_written_again(file: Path) -> None:
    file.chmod(0o444)
    replace_content(str(file), b"older", b"old")
    assert file.read_bytes() == b"old"


def refused(path: Path, why: str, before: bytes = b"old") -> None:
    with pytest.raises(OSError, match=f"{why}$|{why}:"):
        replace_content(str(path), before, b"new")
    assert entries(path) == (["m.py"] if path.exists() else [])


def test_what_has_changed_is_left_alone(file: Path) -> None:
    refused(file, "it has changed since it was read", before=b"older")
    assert file.read_bytes() == b"old"


def test_what_changes_while_the_new_text_is_written_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def someone_saves(descriptor: int) -> None:
        sync(descriptor)
        file.write_bytes(b"theirs")

    monkeypatch.setattr(os, "fsync", someone_saves)
    refused(file, "it has changed since it was read")
    assert file.read_bytes() == b"theirs"


def test_what_is_read_only_is_left_alone(file: Path) -> None:
    file.chmod(0o444)
    refused(file, "it is read-only")
    assert file.read_bytes() == b"old"


def test_what_is_gone_or_no_file_is_told(file: Path) -> None:
    file.unlink()
    refused(file, "No such file or directory")
    with pytest.raises(OSError, match="no regular file"):
        replace_content(os.devnull, b"", b"new")


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(file: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    refused(file, "No space left on device")
    assert file.read_bytes() == b"old"


def test_a_folder_that_takes_no_new_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", fail)
    refused(file, "Permission denied")


def test_an_interruption_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_content(str(file), b"old", b"new")
    assert (file.read_bytes(), entries(file)) == (b"old", ["m.py"])
