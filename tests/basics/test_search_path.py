"""Which folders stay on the search path of our processes."""

from __future__ import annotations

import os
import site
from pathlib import Path

import pytest

from shapelint.process.path import PACKAGE_ROOT, search_path


def test_the_current_folder_goes_by_whatever_name(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    given = ["", str(tmp_path), str(link), str(tmp_path / "sub" / ".."), "/elsewhere"]
    assert search_path(given, str(tmp_path)) == ["/elsewhere", PACKAGE_ROOT]


def test_this_package_and_not_another_version_of_it_is_found() -> None:
    assert search_path(["", PACKAGE_ROOT, "/elsewhere"], PACKAGE_ROOT) == [PACKAGE_ROOT, "/elsewhere"]
    assert search_path(["", "/elsewhere"], PACKAGE_ROOT) == ["/elsewhere", PACKAGE_ROOT]


def test_what_is_installed_stays_for_one_who_stands_in_it() -> None:
    for folder in (os.path.dirname(os.__file__), *site.getsitepackages()):
        assert folder in search_path(["", folder, PACKAGE_ROOT], folder)


def test_relative_folders_mean_the_same_elsewhere_and_the_words_of_hooks_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libs").mkdir()
    monkeypatch.chdir(tmp_path)
    found = search_path(["libs", "__editable__.x.finder.__path_hook__"], str(tmp_path))
    assert found == [str(tmp_path / "libs"), "__editable__.x.finder.__path_hook__", PACKAGE_ROOT]
