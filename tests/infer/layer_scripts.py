"""Programs of a layer, an input, and what a test wants to be done with them."""

from __future__ import annotations

import textwrap

HEAD = "import torch\nfrom torch import nn\n"


def script(text: str) -> str:
    """A program that begins with a layer and an input."""
    return HEAD + "rnn = nn.LSTM(3, 4)\nx = torch.zeros(7, 2, 3)\n" + textwrap.dedent(text)
