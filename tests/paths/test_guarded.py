"""What stands behind a guard that fails, what a text alone says, and what torch cannot be asked: nothing is told of it."""

from collections.abc import Sequence

import pytest
from networks import source, told

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


PARTIAL = """
    from parts import Partial

    class Block(nn.Module):
        def __init__(self, planes, partial=False):
            super().__init__()
            self.partial = partial
            Conv = Partial if partial else nn.Conv2d
            self.conv = Conv(in_channels=planes, out_channels=planes, kernel_size=3)

        def forward(self, x):
            {called}

        def masked(self, x, veil):
            return self.conv(x, veil)
    """
CALLED = {
    "under it": "return self.masked(*x) if False else x\n            if self.partial:\n                return self.masked(*x)",
    "if": "if self.partial:\n                return self.masked(*x)\n            return self.conv(x)",
    "else": "if not self.partial:\n                return self.conv(x)\n            else:\n                return self.masked(*x)",
}


@pytest.mark.parametrize("called", ["if", "else"])
def test_a_method_is_run_as_its_class_does_it(called: str) -> None:
    assert told(PARTIAL.format(called=CALLED[called])) == []


def test_a_method_that_is_called_elsewhere_too_is_run_by_itself() -> None:
    assert told(PARTIAL.format(called=CALLED["under it"])) != []


def test_a_part_of_a_size_is_no_multiple_of_it() -> None:
    text = """
        class Cells(torch.utils.data.Dataset):
            def __init__(self, cells):
                self.cells = cells

            def encode(self, boxes):
                marked = torch.zeros((self.cells, self.cells, 5))
                for box in boxes:
                    x, y, height, width = box.tolist()
                    i, j = int(self.cells * y), int(self.cells * x)
                    marked[i, j, 0] = 1
                return marked
        """
    assert told(text) == []


def test_what_may_be_given_beside_is_nothing_where_a_layer_takes_nothing() -> None:
    text = """
        class Tail(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 4, 1)
                self.fc = nn.Linear({width}, 2)

            def forward(self, x, **options):
                return self.fc(self.conv(x, **options).mean((2, 3)), **options)
        """
    assert told(text.format(width=4)) == []
    assert told(text.format(width=5)) != []


def test_what_is_set_on_an_unknown_object_is_found_there_anew() -> None:
    """A graph's data of one layer is not that of the next one."""
    text = """
    class Layer(nn.Module):
        def __init__(self, features, width):
            super().__init__()
            self.linear = nn.Linear(features, width)

        def forward(self, graph, feature):
            graph.data["h"] = feature
            graph.send()
            return self.linear(graph.data["h"])

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = Layer(1433, 16), Layer(16, 7)

        def forward(self, graph, features):
            return self.second(graph, torch.relu(self.first(graph, features)))
    """
    assert told(text) == []


BY_DATA = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(8, 8)

        def forward(self, x, phi, options):
            if options[0] == 0.2:
                x = x @ torch.transpose(phi, 0, 1)
            return self.linear(x)

    x = Net()(torch.randn(4, 8), {phi}, torch.tensor([{task}, 1.0]))
    """


def test_a_script_gives_a_placeholder_for_the_side_that_it_does_not_take() -> None:
    assert told(BY_DATA.format(phi="torch.zeros(1)", task="task / 5")) == []


def test_an_option_of_the_layout_is_meant() -> None:
    text = """
    class Positions(nn.Module):
        def __init__(self, width, length=100, batch_first=True):
            super().__init__()
            self.batch_first = batch_first
            if self.batch_first:
                table = torch.zeros(1, length, width)
                table[0] = torch.sin(torch.arange(length).unsqueeze(1) * torch.arange(width))
            else:
                table = torch.zeros(length, 1, width)
                table[:, 0] = torch.sin(torch.arange(length).unsqueeze(1) * torch.arange(width))
            self.register_buffer("table", table)

        def forward(self, x):
            '''
            Args:
                x: Tensor, shape [batch_size, seq_len, embedding_dim]
            '''
            if self.batch_first:
                x = x + self.table[0, :x.size(1)]
            else:
                x = x + self.table[:x.size(0)]
            return x
    """
    assert told(text) == []
