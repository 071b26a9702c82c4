"""The VS Code extension: its manifest says what the server takes, and it is built where npm has its packages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from root import ROOT

import shapelint
from shapelint.editors.server.settings import Settings, read_settings

FOLDER = ROOT / "editors" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
PROPERTIES: dict[str, dict[str, Any]] = MANIFEST["contributes"]["configuration"]["properties"]
SOURCE = (FOLDER / "src" / "extension.ts").read_text(encoding="utf-8")
OWN = {"shapelint.command"}  #: a setting of the extension itself


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`, as an editor sends it."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        *above, last = name.split(".")
        table = found
        for part in above:
            table = table.setdefault(part, {})
        table[last] = value
    return found


def test_the_settings_are_those_of_the_server() -> None:
    defaults = {name: one["default"] for name, one in PROPERTIES.items() if name not in OWN}
    assert read_settings(nested(defaults)) == Settings(verify="auto")
    for name, one in PROPERTIES.items():
        for value in one.get("enum", ()):
            read_settings(nested({name: value}))
    known = {*Settings.__dataclass_fields__, *Settings().hints.__dataclass_fields__} - {"hints"}
    assert {re.sub("[A-Z]", lambda c: f"_{c[0].lower()}", n.split(".")[-1]) for n in defaults} == known


def test_the_extension_hands_on_every_setting_and_has_every_command() -> None:
    for name in PROPERTIES:
        short = name.removeprefix("shapelint.")
        assert re.search(rf"get(<[\w\[\]]+>)?\(\"{re.escape(short)}\"\)", SOURCE), name
    commands = {one["command"] for one in MANIFEST["contributes"]["commands"]}
    assert commands == set(re.findall(r"registerCommand\(\"([\w.]+)\"", SOURCE))
    assert MANIFEST["activationEvents"] == ["onLanguage:python"]
    assert MANIFEST["version"] == shapelint.__version__.split(".dev")[0]


@pytest.mark.skipif(
    shutil.which("npm") is None or not (FOLDER / "node_modules").exists(),
    reason="npm's packages are not there (`npm ci` in editors/vscode)",
)
def test_it_is_linted_built_and_packaged() -> None:
    for command in ("lint", "package"):
        subprocess.run(["npm", "run", command], cwd=FOLDER, check=True, capture_output=True, timeout=300)
    assert (FOLDER / "out" / "extension.js").exists()
    assert (FOLDER / "shapelint.vsix").exists()


def test_the_documentation_names_every_setting() -> None:
    told = (FOLDER.parent.parent / "docs" / "editors.md").read_text(encoding="utf-8")
    assert [
        name for name in PROPERTIES if f"`{name.removeprefix('shapelint.')}`" not in told and f"`{name}`" not in told
    ] == []
