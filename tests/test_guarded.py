"""What stands behind a guard that fails, what a text alone says, and what torch cannot be asked: nothing is told of it."""

from collections.abc import Sequence

import pytest
from test_any_network import source, told

from shapelint.finding import Confidence, Status, Verdict
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.verify.client import Verifier
from shapelint.verify.program.program import Program

GUARDED = """
    class Encoder(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.layers = nn.Sequential(*[nn.Sequential(nn.Conv2d(1, 1, 3, 2, 1), nn.MaxPool2d(2)) for _ in range(3)])
            left = size // 2 // 2 // 2 // 2 // 2 // 2
            {guard}
            self.fc = nn.Linear(left * left, 5)

        def forward(self, x):
            return self.fc(self.layers(x).view(x.size(0), -1))

    Encoder(32)(torch.randn(4, 1, 32, 32))
    """
GUARDS = {
    "an assertion": "assert left >= 1, 'too small'",
    "an if": "if left < 1: raise ValueError('too small')",
    "an if with an else": """if left >= 1:
                print(left)
            else:
                raise ValueError('too small')""",
}


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_nothing_is_told_behind_a_guard_that_fails(guard: str) -> None:
    assert told(GUARDED.format(guard=guard)) == []


def test_without_a_guard_it_is_told() -> None:
    assert told(GUARDED.format(guard="pass")) != []


SCORED = """
    class Trainer:
        def __init__(self, judge):
            self.judge = judge
            self.loss = nn.BCEWithLogitsLoss()

        def train(self, images):
            {said}
            scores = self.judge(images){beside}
            return self.loss(scores, torch.ones(images.size(0), 1))
    """


@pytest.mark.parametrize(("said", "beside"), [("pass", "  # (B,)"), ("# scores: (batch,)", ""), ("pass", "  # [B]")])
def test_a_comment_alone_does_not_go_against_the_loss(said: str, beside: str) -> None:
    assert told(SCORED.format(said=said, beside=beside)) == []


def test_what_torch_cannot_be_asked_is_not_told() -> None:
    text = """
        def ratings(path, order):
            matrix = load(path).mean(1)
            matrix = matrix.mv(order) if order is not None else matrix.mv(matrix)
            return matrix[:, numpy_like(path)[order]]
        """
    assert told(text) == []


class Stuck(Verifier):
    """Torch that gets to no claim."""

    def check(self, programs: Sequence[Program]) -> list[Verdict]:
        return [Verdict(Status.UNVERIFIED, "raises", "the replay raises before", torch="2")] * len(programs)


@pytest.mark.parametrize(("code", "left"), [("SHP901", 0), ("SHP518", 1)])
def test_what_torch_does_not_get_to_is_told_of_causes_only(code: str, left: int) -> None:
    text = """
        head = nn.Sequential(nn.Linear(4, 8), nn.Softmax(dim=1))
        scores = head(torch.randn(3, 4))
        print(nn.CrossEntropyLoss()(scores, torch.tensor([1, 0, 2])), nn.Linear(9, 2)(scores))
        """
    for least, count in ((Confidence.MEDIUM, left), (Confidence.LOW, 1)):
        check = check_source(source(text), Wanted(frozenset({code}), least))
        assert len(check.candidates) == 1
        assert len(proven(check, Stuck()).findings) == count
