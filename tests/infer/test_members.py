"""What a layer of torch has not: whoever asks for it gets an AttributeError, and what comes after it does not run."""

from __future__ import annotations

import pytest
import torch
from reported import codes

from shapelint.infer.values.torch.members import lacks
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.shapes.value import Layer
from shapelint.source import Span


def built(kind: str) -> tuple[Layer, torch.nn.Module]:
    made = getattr(torch.nn, kind.rpartition(".")[2])(3, 4, bias=True)
    return Layer(kind, {"hidden_size": 4, "input_size": 3, "bias": True}, Span(1, 0, 1, 0)), made


OPTIONS = {"batch_first", "bidirectional", "dropout", "num_layers"}


@pytest.mark.parametrize("kind", sorted(RECURRENT | CELLS))
def test_what_a_layer_has_it_does_not_lack(kind: str) -> None:
    layer, made = built(kind)
    assert [name for name in {*dir(made)} - OPTIONS if lacks(layer, name)] == []


@pytest.mark.parametrize("kind", sorted(RECURRENT | CELLS))
@pytest.mark.parametrize("name", ["config", "in_features", "embedding_dim", "encoder", "weights_of"])
def test_what_it_lacks_it_has_not(kind: str, name: str) -> None:
    layer, made = built(kind)
    assert lacks(layer, name) <= (not hasattr(made, name))
    assert not lacks(Layer("torch.nn.Linear", {}, layer.span), name)


MODEL = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden)
        {inside}

    def forward(self, x):
        {first}
        out, _ = self.rnn(x, torch.zeros(1, x.size(1), self.rnn.hidden_size))
        return out

    {more}
"""
BEFORE: dict[str, tuple[str, str, str, list[str]]] = {
    "an attribute of an attribute": ("self.fc = nn.Linear(self.rnn.config.hidden_size, 2)", "", "", []),
    "a method": ("self.fc = self.rnn.make_head()", "", "", []),
    "by getattr": ("self.fc = getattr(self.rnn, 'embedding_dim')", "", "", []),
    "in forward": ("", "size = self.rnn.out_features", "", []),
    "what it has": ("self.fc = nn.Linear(self.rnn.hidden_size, 2)", "", "", ["SHP210"]),
    "a weight": ("self.weight = self.rnn.weight_hh_l0", "", "", ["SHP210"]),
    "what any module has": ("self.names = list(self.rnn.named_parameters())", "", "", ["SHP210"]),
    "a default": ("self.fc = getattr(self.rnn, 'config', None)", "", "", ["SHP210"]),
    "caught": (
        """try:
            self.fc = self.rnn.config
        except AttributeError:
            self.fc = None""",
        "",
        "",
        ["SHP210"],
    ),
    "set before": ("self.rnn.config = size", "size = self.rnn.config", "", ["SHP210"]),
    "set by setattr": ("setattr(self.rnn, 'own', size)", "size = self.rnn.own", "", []),
    "set by what is not known": ("make(self.rnn)", "size = self.rnn.config", "", ["SHP210"]),
    "set by another method": (
        "",
        "size = self.rnn.config",
        "def set(self, it):\n        self.rnn.config = it",
        ["SHP210"],
    ),
    "private": ("", "size = self.rnn._config", "", ["SHP210"]),
}


@pytest.mark.parametrize(("inside", "first", "more", "wrong"), BEFORE.values(), ids=BEFORE)
def test_what_comes_after_an_attribute_that_a_layer_has_not(
    inside: str, first: str, more: str, wrong: list[str]
) -> None:
    assert codes(MODEL.format(inside=inside, first=first, more=more)) == wrong
