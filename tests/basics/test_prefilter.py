"""The prefilter never rejects a file that speaks of torch."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelint.prefilter import may_use_torch

LAYERS = ["LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "RNNBase", "RNNCellBase"]
FORMS = [
    "import torch\nm = torch.nn.{}(3, 4)\n",
    "import torch.nn as nn\nm = nn.{}(3, 4)\n",
    "import torch.nn as layers\nm = layers . {} (3, 4)\n",
    "from torch import nn\nclass A(nn.{}): pass\n",
    "from torch.nn import {}\n",
    "from torch.nn import (Linear,\n\t{} as Layer,\n)\n",
    "from torch.nn.modules.rnn import {} as L\nL(3, 4)\n",
    "from torch.nn import *\nm = [{}(3, 4)]\n",
    "import torch\nm = getattr(torch.nn, '{}')(3, 4)\n",
    "import torch\nkinds = dict(a=torch.nn.\\\n{})\n",
    "from common import nn\nm = nn.{}(3, 4)\n",
    "from torch.nn import Linear, {}",
    "from torch.nn import Linear;{}=0\r\n",
]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_every_import_form_passes(form: str, layer: str) -> None:
    assert may_use_torch(form.format(layer).encode())
    assert may_use_torch(b"\xef\xbb\xbf" + form.format(layer).encode())


@pytest.mark.parametrize(
    "code",
    [
        "import torch.nn as nn\ndef f(kind='lstm'):\n    return getattr(nn, kind.upper())(3, 4)\n",
        "import torch\nm = getattr( torch.nn, {'g': 'gru'}['g'].upper())(3, 4)\n",
        "from common import nn\nm = getattr(nn, 'rnn'.upper())(3, 4)\n",
    ],
)
def test_a_layer_looked_up_by_a_computed_name_passes(code: str) -> None:
    assert may_use_torch(code.encode())


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nm = torch.nn.Linear(3, 4)\n",
        "from common import Base\nclass Net(Base):\n    def forward(self, x):\n        return x\n",
        "from einops import rearrange\ny = rearrange(x, 'b t f -> t b f')\n",
        "import pytorch_lightning as pl\nclass Net(pl.LightningModule): pass\n",
    ],
)
def test_what_speaks_of_torch_passes(code: str) -> None:
    assert may_use_torch(code.encode())


@pytest.mark.parametrize(
    "code",
    ["", "print('hello')\n", "from keras.layers import LSTM\nm = LSTM(3)\n", "import numpy as np\nx = np.ones(3)\n"],
)
def test_files_that_do_not_speak_of_torch_are_rejected(code: str) -> None:
    assert not may_use_torch(code.encode())


@given(st.text(), st.sampled_from(LAYERS), st.text())
def test_what_stands_around_the_layer_does_not_matter(before: str, layer: str, after: str) -> None:
    lines = [repr(before), f"import torch; m = torch.nn.{layer}(3, 4)", repr(after)]
    code = "\n".join(lines)
    assert may_use_torch(code.encode("utf-8", "surrogatepass"))


def test_it_loads_no_parser() -> None:
    code = "import sys, shapelint.prefilter; print({'torch', 'ast'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
