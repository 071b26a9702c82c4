"""The prefilter never rejects a file that names a recurrent layer of torch."""

import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelint.prefilter import may_hold_recurrent

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
    assert may_hold_recurrent(form.format(layer).encode())
    assert may_hold_recurrent(b"\xef\xbb\xbf" + form.format(layer).encode())


@pytest.mark.parametrize(
    "code",
    [
        "import torch.nn as nn\ndef f(kind='lstm'):\n    return getattr(nn, kind.upper())(3, 4)\n",
        "import torch\nm = getattr( torch.nn, {'g': 'gru'}['g'].upper())(3, 4)\n",
        "from common import nn\nm = getattr(nn, 'rnn'.upper())(3, 4)\n",
    ],
)
def test_a_layer_looked_up_by_a_computed_name_passes(code: str) -> None:
    assert may_hold_recurrent(code.encode())


@pytest.mark.parametrize(
    "code",
    [
        "",
        "print('hello')\n",
        "import torch\nm = torch.nn.Linear(3, 4)\n",
        "from keras.layers import LSTM\nm = LSTM(3)\n",
        "import torch\nclass MyLSTM: pass\n",
        "import torch\nLSTM_SIZE = 3\nUSE_GRU = RNN2 = True\n",
        "import torch.nn as nn\nact = getattr(nn, 'ReLU')()\n",
        "import torch\ncell = 'lstm'\n",
    ],
)
def test_files_without_a_recurrent_layer_are_rejected(code: str) -> None:
    assert not may_hold_recurrent(code.encode())


@given(st.text(), st.sampled_from(LAYERS), st.text())
def test_what_stands_around_the_layer_does_not_matter(before: str, layer: str, after: str) -> None:
    lines = [repr(before), f"import torch; m = torch.nn.{layer}(3, 4)", repr(after)]
    code = "\n".join(lines)
    assert may_hold_recurrent(code.encode("utf-8", "surrogatepass"))


@given(st.text(alphabet="LSTMGRUNCellBase_ .(\nnx1é"))
def test_no_name_of_a_layer_is_overlooked(code: str) -> None:
    text = f"import torch\n{code}"
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    names = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(tree)}
    assert may_hold_recurrent(text.encode()) or not names & set(LAYERS)


def test_it_loads_no_parser() -> None:
    code = "import sys, shapelint.prefilter; print({'libcst', 'torch', 'ast'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
