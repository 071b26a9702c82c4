"""What README.md shows is what happens."""

import re
from importlib.metadata import requires

import pytest
from root import ROOT

from shapelint.config import read_config

pytestmark = pytest.mark.usefixtures("kept_processes")

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def test_the_configuration_is_valid() -> None:
    assert read_config("pyproject.toml", block("toml"))


def test_the_automated_checks_run_the_second_command() -> None:
    commands = re.findall(r"```console\n(.*?)\n```", README)
    assert len(commands) == 2
    checks = (ROOT / ".ci" / "run").read_text()
    assert [part for part in commands[1].split(" && ") if part not in checks] == []


def test_the_constraints_cover_what_the_project_names() -> None:
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    named = {_name(one) for group in groups for one in group} - {"shapelint"}
    pinned = set(re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert named - pinned == set()
    # what is pinned beside them is what they need themselves
    assert pinned - named - {_name(one) for name in named - {"tomli"} for one in requires(name) or ()} == set()


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~;\[( ]", requirement)[0]
