"""The cache of the command line: what is told from it is what would be found again, and costs no work."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from counted import COUNTED, MODEL, begun, check, ended, results

from shapelint.cache.codec import CodecError, decoded, encoded
from shapelint.claims.values.has_shape import HasShape
from shapelint.finding import Finding, Ref, Status, Verdict
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import RULES, load
from shapelint.shapes.dim import Dim
from shapelint.source import Source

pytestmark = pytest.mark.usefixtures("kept_processes")


OPTIONS = [
    ["--output-format=full", "--verify=off"],
    ["--output-format=concise", "--verify=off", "--statistics", "--exit-zero"],
    ["--output-format=json", "--verify=off", "--min-confidence=low"],
    ["--output-format=full", "--show-refuted", "--min-confidence=low"],
    ["--output-format=json", "--verify=require"],
    ["--output-format=html", "--verify=off"],
    ["--diff", "--unsafe-fixes"],
    ["--fix"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_a_warm_run_tells_the_same_and_does_nothing(project: Path, options: list[str]) -> None:
    (project / "broken.py").write_text("import torch.nn as nn\nnn.LSTM(\n")
    cold, warm = check(project, *options), ended(begun(project, *options))
    assert cold.started
    assert warm.is_idle
    assert warm.done == cold.done
    assert check(project, "--no-cache", *options).done == cold.done


def test_a_cold_run_understands_no_code_itself(project: Path) -> None:
    cold = ended(begun(project, "--output-format=json"))
    assert (cold.started, cold.heavy) == (["shapelint.pipeline.processes.checker", "shapelint.verify.worker.main"], [])
    assert cold.done == check(project, "--no-cache", "--output-format=json").done


def change_own(project: Path) -> None:
    (project / "model.py").write_text(MODEL.replace("out[-1]", "out[:, -1]"))


def change_imported(project: Path) -> None:
    (project / "layers.py").write_text("SIZE = 24\n")


def add_shadowing(project: Path) -> None:
    (project / "layers").mkdir()
    (project / "layers" / "__init__.py").write_text("SIZE = 40\n")


def add_caller(project: Path) -> None:
    (project / "use.py").write_text("from model import Tagger\nmodel = Tagger(3, 5, bidirectional=True)\n")


def change_caller(project: Path) -> None:
    (project / "train.py").write_text("from model import Tagger\nmodel = Tagger(3, 5, bidirectional=True)\n")


def add_settings(project: Path) -> None:
    (project / "settings.yaml").write_text("bidirectional: true\n")


def configure(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.shapelint]\nignore = ["SHP101"]\n')


def remove_imported(project: Path) -> None:
    (project / "layers.py").unlink()


@pytest.mark.parametrize(
    "change",
    [
        change_own,
        change_imported,
        add_shadowing,
        add_caller,
        change_caller,
        add_settings,
        configure,
        remove_imported,
    ],
)
def test_what_a_result_rests_on_is_looked_at_again(project: Path, change: object) -> None:
    options = ("--verify=off", "--output-format=full", "--min-confidence=low")
    check(project, *options)
    change(project)  # type: ignore[operator]
    after = check(project, *options)
    assert after.started
    assert after.done == check(project, "--no-cache", *options).done


def test_what_has_nothing_to_do_with_a_result_leaves_it(project: Path) -> None:
    check(project)
    (project / "notes.md").write_text("nothing of it\n")
    (project / "other.py").write_text("import os\n")
    assert ended(begun(project)).is_idle
    assert ended(begun(project)).is_idle


@pytest.mark.parametrize("options", [["--min-confidence=low"], ["--select=SHP1"], ["--ignore=SHP101"]])
def test_options_are_part_of_a_result(project: Path, options: list[str]) -> None:
    check(project)
    other = check(project, "--verify=off", *options)
    assert "shapelint.pipeline.processes.checker" in other.started
    assert other.done == check(project, "--no-cache", "--verify=off", *options).done


def test_another_version_has_results_of_its_own(project: Path) -> None:
    check(project)
    other = COUNTED.replace(", sys\n", ", sys\nsys.version += 'other'\n", 1)
    assert ended(begun(project, code=other)).started
    assert ended(begun(project, code=other)).is_idle
    third = other.replace("'other'", "'third'")
    assert ended(begun(project, code=third)).started
    assert len(list((project / ".shapelint_cache").glob("results-*.json"))) == 2


def test_verdicts_are_kept_by_program(project: Path) -> None:
    check(project, "--output-format=json")
    (project / "model.py").write_text(MODEL + "\nOTHER = 1\n")
    again = check(project, "--output-format=json")
    assert again.started == ["shapelint.pipeline.processes.checker"]
    assert again.done == check(project, "--no-cache", "--output-format=json").done


def test_a_fix_writes_nothing_that_the_cache_says(project: Path) -> None:
    check(project, "--diff", "--unsafe-fixes")
    path = results(project)
    path.write_bytes(path.read_bytes().replace(b"class Tagger(nn.Module)", b"class Forged(nn.Module)"))
    check(project, "--fix", "--unsafe-fixes")
    assert "Forged" not in (project / "model.py").read_text()
    assert "out[:, -1]" in (project / "model.py").read_text()


load()


@pytest.mark.parametrize("code", sorted(RULES))
def test_findings_come_back_as_they_were(code: str) -> None:
    for text in RULES[code].bad:
        for candidate in check_source(Source("model.py", text), Wanted(frozenset(RULES), prove=False)).candidates:
            verdict = Verdict(Status.CONFIRMED, "raises", "why", (((True, False),),), "2.0", ("x",))
            finding = replace(candidate.finding, verdict=verdict)
            assert decoded(Finding, json.loads(json.dumps(encoded(finding)))) == finding


def test_sizes_made_of_sizes_come_back_as_they_were() -> None:
    """A quotient is made of sizes as a size is of quotients: neither module can import the other."""
    time, features = Dim.symbol("T"), Dim.symbol("H")
    claim = HasShape(Ref(1), (time // Dim.of(2), (time // Dim.of(3)).minimum(features) * features, None))
    assert decoded(HasShape, json.loads(json.dumps(encoded(claim)))) == claim


@pytest.mark.parametrize("given", [None, {}, {"Finding": []}, {"Path": ["/"]}, {"Verdict": [1, 2, 3, 4, 5, 6]}])
def test_nothing_else_is_made_of_a_text(given: object) -> None:
    with pytest.raises(CodecError):
        decoded(Finding, given)
