"""What a model gives where it does not train is not for a loss."""

from reported import plain_codes

TEXT = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(8, 5)

    def forward(self, x):
        y, _ = self.rnn(x)
        if not self.training:
            return {evaluated}
        return {trained}


y = Model()(torch.randn(20, 3, 8))
nn.CTCLoss()(y, torch.randint(1, 5, (3, 4)), torch.tensor([20, 20, 20]), torch.tensor([4, 4, 2]))
"""

RIGHT, SAMPLES_FIRST = "y.log_softmax(-1)", "y.log_softmax(-1).transpose(0, 1)"


def test_samples_may_lie_first_where_nothing_trains() -> None:
    assert plain_codes(TEXT.format(evaluated=SAMPLES_FIRST, trained=RIGHT)) == []


def test_not_where_the_model_trains() -> None:
    assert plain_codes(TEXT.format(evaluated=RIGHT, trained=SAMPLES_FIRST)) == ["SHP516"]
