"""The tour: every planted mistake is reported and confirmed by torch, and nothing else is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from here import here
from root import ROOT
from torch_python import TorchPython

TOUR = ROOT / "fixtures" / "tour"
ROW = re.compile(r"\| (?P<file>models/\w+\.py) \| (?P<line>\d+) \| (?P<code>SHP\d{3}) \| .+ \|")

RUN_ALL = """
import torch
from models import *

frames, lengths = torch.randn(4, 9, 40), torch.tensor([5, 9, 3, 2])
tokens = torch.randint(0, 50, (4, 9))
SentimentClassifier(50)(tokens)
DocumentEncoder(50)(tokens.view(2, 2, 9))
PhonemeTagger(SpeechConfig())(frames, lengths)
IntentClassifier(SpeechConfig())(frames, lengths)
LoadForecaster(40)(frames)
ResidualForecaster(40).roll_out(frames, 2)
NameGenerator(50).score_next(tokens)
NameGenerator(50).sample(1, 0)
SpeakerEncoder()(frames)
SpeakerClassifier(5)(frames)
VoiceGate()(frames)
config = TranslatorConfig(50, 50)
Decoder(config)(tokens[0], torch.zeros(2, 9, 128), torch.zeros(2, 9, 128))
try:
    Translator(Encoder(config), Decoder(config))(tokens, tokens)
except RuntimeError as error:
    print(error)
"""


def planted() -> list[tuple[str, int, str]]:
    """The table of the tour's README."""
    rows = ROW.finditer((TOUR / "README.md").read_text())
    return sorted((row["file"], int(row["line"]), row["code"]) for row in rows)


@pytest.fixture(scope="module")
def report(kept_processes: None) -> Any:
    done = here(ROOT, "--verify", "require", "--output-format", "json", str(TOUR))
    assert done.status == 1, done.err
    return json.loads(done.out)


def test_the_planted_mistakes_are_reported_and_nothing_else(report: Any) -> None:
    found = [(Path(f["path"]).relative_to(TOUR).as_posix(), f["line"], f["code"]) for f in report["findings"]]
    assert sorted(found) == planted()
    assert report["errors"] == []


def test_each_is_confirmed_by_torch(report: Any) -> None:
    statuses = {(f["path"], f["line"]): f["verification"]["status"] for f in report["findings"]}
    assert set(statuses.values()) == {"confirmed"}, statuses


def test_the_tour_plants_many_kinds_in_six_files() -> None:
    assert len({code for _, _, code in planted()}) == 8
    models = [path for path in (TOUR / "models").glob("*.py") if path.name != "__init__.py"]
    assert len(models) == 6


def test_the_tour_runs_but_for_the_mistake_that_raises(torch_python: TorchPython) -> None:
    done = torch_python.run(RUN_ALL, TOUR)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Expected hidden[0] size (4, 9, 128), got [2, 9, 128]\n"
