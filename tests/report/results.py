"""What runs found, made by hand: the reports of it are tests/report/golden."""

from dataclasses import replace

from wrong_models import TAGGER as TEXT

from shapelint.finding import Confidence, Edit, Finding, Fix, Place, Severity, ShownShape, Status, Verdict
from shapelint.report.result import FileResult, RunResult
from shapelint.source import Problem, Span

T, F = True, False
FINDING = Finding(
    code="SHP101",
    name="last-step-on-batch-axis",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    path="tagger.py",
    span=Span(10, 15, 10, 22),
    message="`out[-1]` is the last sample, not the last step",
    shapes=(ShownShape("out", "(B, T, h)", ("batch", "time", "feature")), ShownShape("out[-1]", "(T, h)")),
    related=(
        Place(Span(6, 19, 6, 49), "batch_first is set"),
        Place(Span(3, 0, 3, 1), "used here", "train.py"),
    ),
    fixes=(Fix("take the last step: `out[:, -1]`", (Edit(Span(10, 19, 10, 21), ":, -1"),), proven=True),),
    verdict=Verdict(
        Status.CONFIRMED,
        "batch_independence",
        "output row 0 depends on sample 1",
        (((F, F), (T, F)), ((F, F), (T, T))),
        "2.13.0",
    ),
)
REFUTED = replace(
    FINDING, span=Span(9, 8, 9, 11), fixes=(), shapes=(), related=(), verdict=Verdict(Status.REFUTED, "equals", "it is", None, "2.13.0")
)  # fmt: skip
RESULT = RunResult(
    files=3,
    checked=2,
    results=(
        FileResult("broken.py", problems=(Problem("broken.py", 7, "invalid syntax"),)),
        FileResult("tagger.py", TEXT, (FINDING,), (REFUTED,), fixed=2),
    ),
    torch="2.13.0",
)

SCRIPT = """\
import torch
from torch import nn

\tgröße, lstm = 3, nn.LSTM(8, 16)
out, (h, c) = lstm(torch.randn(5, 3, 8))
head = nn.Linear(17, 2)(out)
again, _ = lstm(torch.randn(5, 3, 9))
third = (out[-1] | out)  # a <b> & 'c'
"""
ERROR = Finding(
    code="SHP501",
    name="linear-ignores-directions",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    path="a dir/größe.py",
    span=Span(6, 7, 6, 28),
    message='`nn.Linear(17, 2)(out)` gets 16 features and takes 17: a <b> & "c" | 100%, x',
    related=(Place(Span(4, 18, 4, 32), "16 features come from here"),),
    help="nn.Linear(16, 2)",
    verdict=Verdict(
        Status.CONFIRMED, "raises", "RuntimeError: mat1 and mat2 shapes cannot be multiplied", None, "2.13.0"
    ),
)
REPEATED = [
    replace(
        ERROR,
        span=Span(line, 0, line, 5),
        message=f"`{name}` is wrong",
        confidence=Confidence.HIGH,
        severity=Severity.INFO,
    )
    for line, name in ((7, "again"), (8, "third"))
]
SECOND = replace(
    FINDING,
    path="a dir/größe.py",
    span=Span(8, 9, 8, 16),
    related=(),
    fixes=(),
    verdict=replace(FINDING.verdict, status=Status.UNVERIFIED, assumed=("`n` is 3",)),
)
MANY = replace(
    RESULT,
    files=4,
    checked=3,
    results=(FileResult("a dir/größe.py", SCRIPT, (ERROR, *REPEATED, SECOND)), *RESULT.results),
)
