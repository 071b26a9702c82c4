"""pre-commit runs the hooks of .pre-commit-hooks.yaml in a scratch repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from root import ROOT
from wrong_models import CLASSIFIER as MODEL

RIGHT = MODEL.replace("out[-1]", "out[:, -1]")
CONFIG = """\
repos:
  - repo: {hooks}
    rev: {commit}
    hooks:
      - id: {hook}
"""


def run(directory: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment; its standard error is part of its output."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": programs, "PYTHONUTF8": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    done = run(directory, "git", *identity, *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def commit_all(directory: Path) -> str:
    """Make the directory a repository with one commit, and return the commit."""
    git(directory, "init", "-q")
    git(directory, "add", ".")
    git(directory, "commit", "-q", "--no-verify", "-m", "Everything")
    return git(directory, "rev-parse", "HEAD")


class Scratch:
    """A repository of hooks, and a project that uses them."""

    def __init__(self, directory: Path) -> None:
        self.home = directory / "home"
        self.hooks = directory / "hooks"
        self.project = directory / "project"
        self.hooks.mkdir()
        self.project.mkdir()

    def publish(self, *names: str) -> None:
        """Copy files and folders of the checkout to the repository of hooks."""
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.hooks / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, self.hooks / name)

    def use(self, hook: str, **files: str) -> None:
        """Commit the hooks, and a project with these Python files that uses one of them."""
        config = CONFIG.format(hooks=self.hooks, commit=commit_all(self.hooks), hook=hook)
        (self.project / ".pre-commit-config.yaml").write_text(config)
        (self.project / "notes.txt").write_text(MODEL)
        for name, text in files.items():
            (self.project / f"{name}.py").write_text(text)
        commit_all(self.project)

    def add_notebook(self, name: str, code: str) -> None:
        """Put a notebook of one cell into the project's next commit."""
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": code}
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.project / name).write_text(json.dumps(notebook))
        git(self.project, "add", name)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(self.project, "pre-commit", "run", *arguments, PRE_COMMIT_HOME=str(self.home))


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path)


def test_the_manifest_is_valid() -> None:
    done = run(ROOT, "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout


def test_verifying_hook_uses_the_torch_of_the_environment(scratch: Scratch) -> None:
    scratch.publish(".pre-commit-hooks.yaml")
    scratch.use("shapelint-verify", model=MODEL, right=RIGHT)
    done = scratch.run("--all-files")
    assert done.returncode == 1
    assert "model.py:12:26" in done.stdout
    assert "SHP101" in done.stdout
    assert "Found 1 mistake (1 confirmed by torch) in 1 of 2 files" in done.stdout
    done = scratch.run("--files", "right.py", "notes.txt")
    assert done.returncode == 0
    assert "Passed" in done.stdout


def test_the_hooks_check_notebooks(scratch: Scratch) -> None:
    """What is to be committed is a notebook alone."""
    scratch.publish(".pre-commit-hooks.yaml")
    scratch.use("shapelint-verify", right=RIGHT)
    scratch.add_notebook("analysis.ipynb", MODEL)
    done = scratch.run()
    assert done.returncode == 1
    assert "analysis.ipynb:cell 1:12:26" in done.stdout
    assert "Found 1 mistake (1 confirmed by torch) in 1 of 1 file" in done.stdout


def test_isolated_hook_installs_without_torch(scratch: Scratch) -> None:
    pip = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--dest",
        str(scratch.home),
        "pathspec",
    )
    if run(scratch.project, *pip).returncode:
        pytest.skip("no package index in reach to install the hook from")
    scratch.publish(".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "shapelint")
    scratch.use("shapelint", model=MODEL, right=RIGHT)
    done = scratch.run("--all-files")
    assert done.returncode == 1, done.stdout
    assert "model.py:12:26" in done.stdout
    assert "Found 1 mistake (1 unverified) in 1 of 2 files" in done.stdout
    installed = {path.name for path in scratch.home.glob("repo*/py_env-*/lib/*/site-packages/*")}
    assert {"click", "shapelint"} <= installed
    assert "torch" not in installed
