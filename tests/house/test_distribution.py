"""What is shipped: the wheel, the versions that are named, the files that services read."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from check_jsonschema import main as check_jsonschema
from root import ROOT

from shapelint import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [path] = tmp_path.glob("*.whl")
    assert path.name == f"shapelint-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        told = wheel.read(f"shapelint-{__version__}.dist-info/METADATA").decode()
        points = wheel.read(f"shapelint-{__version__}.dist-info/entry_points.txt").decode()
    kept = (one for one in (ROOT / "shapelint").rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    package = {one.relative_to(ROOT).as_posix() for one in kept}
    info = {f"shapelint-{__version__}.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}
    assert names == package | info | {f"shapelint-{__version__}.dist-info/licenses/LICENSE"}
    assert "\nLicense-Expression: MIT\n" in told
    assert "shapelint = shapelint.__main__:main" in points


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("CITATION.cff", r"^version: (\S+)$"),
        ("CHANGELOG.md", r"^## (\S+) \("),
        ("README.md", r"^    rev: v(\S+)$"),
        ("docs/ci.md", r"uses: shapelint/shapelint@v(\S+)$"),
        ("editors/vscode/package.json", r'^  "version": "(\S+)",$'),
        ("editors/vscode/package-lock.json", r'^  "version": "(\S+)",$'),
    ],
)
def test_the_version_is_named_alike(path: str, pattern: str) -> None:
    found = re.search(pattern, text(path), re.MULTILINE)
    assert found
    assert found[1] == __version__


def test_fragments_of_changes_are_of_a_kind() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    assert kinds == set(re.findall(r"^\| `(\w+)` \|", text("changes/README.md"), re.MULTILINE))
    for path in (ROOT / "changes").iterdir():
        if path.name != "README.md":
            assert re.fullmatch(rf"(\+[\w-]+|\d+)\.({'|'.join(kinds)})\.md", path.name), path.name
            assert path.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("github-issue-forms", [f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("wrong-finding", "missed-mistake", "failure")]),
        ("github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
        ("citation-file-format", ["CITATION.cff"]),
    ],
)  # fmt: skip
def test_files_are_what_their_readers_take(schema: str, paths: list[str]) -> None:
    check_jsonschema(
        ["--builtin-schema", f"vendor.{schema}", *(str(ROOT / path) for path in paths)], standalone_mode=False
    )


def test_the_forms_ask_for_the_bug_report() -> None:
    forms = [path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert forms
    assert all("shapelint bug-report" in path.read_text(encoding="utf-8") for path in forms)


def test_nox_tries_what_is_promised() -> None:
    """The oldest versions of the sessions are those of pyproject.toml, and the Pythons those of its classifiers."""
    given = _constants("noxfile.py")
    project = PROJECT["project"]
    promised = [
        one.partition(";")[0] for one in (*project["dependencies"], *project["optional-dependencies"]["verify"])
    ]
    lowest = {re.split("[>=]+", one)[0]: re.split("[>=]+", one)[1].strip() for one in promised}
    tried = dict(one.split("==") for one in (*given["OLDEST"], *given["OLDEST_TORCH"]) if "==" in one)
    assert all(lowest[name] == version.removesuffix(".0") or lowest[name] == version for name, version in tried.items())
    assert {"click", "pathspec", "torch"} == set(tried)
    assert project["requires-python"] == f">={given['PYTHONS'][0]}"


class Session:
    """A session of nox that notes what it is asked to install; nothing is installed."""

    env: dict[str, str]

    def __init__(self) -> None:
        self.env, self.wheels = {}, list[Path]()

    def create_tmp(self) -> str:
        self.env["TMPDIR"] = ".nox/tmp"
        return self.env["TMPDIR"]

    def install(self, *arguments: str) -> None:
        self.wheels += [Path(one) for one in arguments if one.endswith(".whl") and Path(one).exists()]

    def run(self, *command: str, **_: object) -> None:
        if "--wheel" in command:
            (Path(command[-1]) / "shapelint-1-py3-none-any.whl").touch()


def _session(function: Any = None, **_: object) -> Any:
    return function or _session


def test_nox_installs_the_wheel_and_tries_it_where_no_gitignore_hides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a session tries lies in a temporary folder: one below `.nox` would be passed over by `shapelint check .`."""
    fake = SimpleNamespace(session=_session, options=SimpleNamespace(), Session=Session)
    monkeypatch.setitem(sys.modules, "nox", fake)
    session = Session()
    runpy.run_path(str(ROOT / "noxfile.py"))["plain"](session)
    assert [wheel.name for wheel in session.wheels] == ["shapelint-1-py3-none-any.whl"]
    assert session.env == {}


def _constants(path: str) -> dict[str, tuple[str, ...]]:
    found = re.findall(r"^([A-Z_]+) = (\(.*?\))", text(path), re.MULTILINE)
    return {name: eval(value) for name, value in found}


def test_the_extension_is_released_with_it() -> None:
    lock = json.loads(text("editors/vscode/package-lock.json"))
    assert lock["packages"][""]["version"] == __version__
