"""The GitHub action and the recipes of docs/ci.md: valid for their services, and run as these would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from root import ROOT
from wrong_models import TAGGER as BAD

GUIDE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
#: stands for Python: what would be installed is written down
PYTHON = """\
#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then echo "$*" >> "$LOG"; else exec "{python}" "$@"; fi
"""
SHAPELINT = '#!/bin/sh\nexec "{python}" -m shapelint "$@"\n'

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def recipe(kind: str) -> str:
    found = re.search(rf"```yaml\n(# {kind}\n.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a mistake in each of two folders, and programs that stand for Python and shapelint."""
    for folder in ("src", "my scripts"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bad.py").write_text(BAD)
    (tmp_path / "bin").mkdir()
    for name, script in (("python", PYTHON), ("shapelint", SHAPELINT)):
        program = tmp_path / "bin" / name
        program.write_text(script.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def bash(project: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the services do: `bash -eo pipefail`."""
    path = os.pathsep.join([str(project / "bin"), os.environ["PATH"]])
    given = {
        "PATH": path,
        "LOG": str(project / "installed"),
        "PYTHONPATH": str(ROOT),
        "SHAPELINT_NO_CACHE": "1",
        **environment,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=project, env={**os.environ, **given}, capture_output=True, text=True, timeout=300
    )


class Job:
    """The action's steps, run one after the other with what GitHub sets."""

    def __init__(self, project: Path, **inputs: str) -> None:
        defaults = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        self.inputs: Mapping[str, str] = {
            **defaults,
            **{name.replace("_", "-"): value for name, value in inputs.items()},
        }
        self.project = project
        self.files = {name: project / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        self.out = ""

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())

    @property
    def summary(self) -> str:
        return self.files["GITHUB_STEP_SUMMARY"].read_text()

    def run(self) -> int:
        """The status of the first step that fails."""
        for step in ACTION["runs"]["steps"]:
            if "run" in step and (status := self._step(step)):
                return status
        return 0

    def _step(self, step: Mapping[str, Any]) -> int:
        assert "${{" not in step["run"], "an input in a script would be run"
        own = {name: self._value(value) for name, value in step["env"].items()}
        service = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": "/actions/shape lint",
            "RUNNER_TEMP": str(self.project),
            **{name: str(file) for name, file in self.files.items()},
        }
        done = bash(self.project, step["run"], **service, **own)
        self.out += done.stdout
        return done.returncode

    def _value(self, text: str) -> str:
        def told(found: re.Match[str]) -> str:
            kind, _, name = found[1].rpartition(".")
            return self.inputs[name] if kind == "inputs" else self.outputs[name]

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", told, text)


def test_the_action_reports_and_then_fails(project: Path) -> None:
    job = Job(project, paths="src\nmy scripts\n", torch="none")
    assert job.run() == 1
    assert (project / "installed").read_text() == "-m pip install --quiet /actions/shape lint\n"
    files = sorted(re.findall(r"^::warning file=([^,]+),line=10,.*?::", job.out, re.MULTILINE))
    assert files == [f"my scripts{os.sep}bad.py", f"src{os.sep}bad.py"]
    assert job.outputs == {"status": "1", "sarif-file": "shapelint.sarif"}
    assert "**2 mistakes** (0 confirmed by torch) in 2 files" in job.summary
    [run] = json.loads((project / "shapelint.sarif").read_text())["runs"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert uris == {"my%20scripts/bad.py", "src/bad.py"}


def test_the_action_takes_options_and_says_nothing_where_nothing_is_found(project: Path) -> None:
    job = Job(project, paths="src", args="--ignore SHP1 --quiet", torch="none", annotations="false", summary="false")
    assert job.run() == 0
    assert (job.out, job.summary, job.outputs["status"]) == ("", "", "0")


def test_the_action_proves_with_torch_and_fails_on_what_it_does_not_know(project: Path) -> None:
    wrong = Job(project, torch="gpu")
    assert wrong.run() == 2
    assert wrong.out == "::error::torch: 'gpu' is not cpu, environment or none\n"
    job = Job(project, paths="src", args="--output-file=x", sarif_file="log.sarif")
    assert job.run() == 1
    log = (project / "installed").read_text().splitlines()
    assert log[0] == "-m pip install --quiet --index-url https://download.pytorch.org/whl/cpu torch"
    assert "(1 confirmed by torch)" in job.summary
    assert job.outputs["sarif-file"] == "log.sarif"
    assert (project / "log.sarif").exists()


def test_what_an_input_holds_is_never_run(project: Path) -> None:
    evil = "$(touch owned); touch owned #"
    assert Job(project, paths=evil, args="`touch owned`", torch="none", sarif_file=evil).run() == 2
    assert not (project / "owned").exists()


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("action", "github-actions"),
        ("github", "github-workflows"),
        ("gitlab", "gitlab-ci"),
        ("azure", "azure-pipelines"),
    ],
)
def test_files_are_what_the_services_take(kind: str, schema: str, tmp_path: Path) -> None:
    file = ROOT / "action.yml" if kind == "action" else tmp_path / "recipe.yml"
    if kind != "action":
        file.write_text(recipe(kind), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--regex-variant", "nonunicode"]
    command += ["--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    [job] = yaml.safe_load(recipe("github"))["jobs"].values()
    [step] = [step for step in job["steps"] if step["uses"].startswith("shapelint/")]
    assert set(step["with"]) <= set(ACTION["inputs"])
    table = re.findall(r"^\| `([\w-]+)` \| (?:`(.*?)`)? ?\|", GUIDE, re.MULTILINE)
    assert dict(table) == {name: str(one["default"]) for name, one in ACTION["inputs"].items()}


def without_torch(script: str) -> str:
    """The same without proofs, which other tests look at."""
    return script.replace("--verify=require", "--verify=off")


def test_the_recipe_of_gitlab(project: Path) -> None:
    [job] = yaml.safe_load(recipe("gitlab")).values()
    done = bash(project, without_torch("\n".join(job["script"])))
    assert done.returncode == 1
    issues = json.loads((project / job["artifacts"]["reports"]["codequality"]).read_text())
    assert [issue["location"]["path"] for issue in issues] == ["my scripts/bad.py", "src/bad.py"]
    assert "SHP101" in done.stdout


def test_the_recipe_of_azure(project: Path) -> None:
    steps = yaml.safe_load(recipe("azure"))["steps"]
    install, check = [step["script"] for step in steps if "script" in step]
    assert bash(project, install).returncode == 0
    assert bash(project, without_torch(check)).returncode == 1
    [results] = [step["inputs"]["testResultsFiles"] for step in steps if step.get("task") == "PublishTestResults@2"]
    assert ElementTree.parse(project / results).getroot().get("failures") == "2"
    assert (project / next(step["publish"] for step in steps if "publish" in step)).exists()


def test_the_recipes_of_shells(project: Path) -> None:
    install, review, changed = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
    assert bash(project, without_torch(install)).returncode == 1
    assert "<!doctype html>" in (project / "shapelint.html").read_text(encoding="utf-8")
    reviewdog = project / "bin" / "reviewdog"
    reviewdog.write_text('#!/bin/sh\necho "$*" > asked\ncat > taken\n')
    reviewdog.chmod(0o755)
    assert bash(project, review.replace("--exit-zero", "--exit-zero --verify=off")).returncode == 0
    assert len(json.loads((project / "taken").read_text())["diagnostics"]) == 2
    git = "git -c user.name=T -c user.email=t@example.org -c commit.gpgsign=false"
    start = (
        f"git init -q -b main . && git add src && {git} commit -qm one && git update-ref refs/remotes/origin/main HEAD"
    )
    change = f"git add 'my scripts' && {git} commit -qm two"
    assert bash(project, f"{start} && {change}").returncode == 0
    done = bash(
        project, changed.replace("xargs -0 -r shapelint", "xargs -0 -r shapelint --verify=off --output-format concise")
    )
    assert done.returncode == 123, "xargs tells a status of 1 so"
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [f"my scripts{os.sep}bad.py"]
