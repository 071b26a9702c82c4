"""The names of operations that are meant one by one; whatever else is asked is asked of their nature."""

from __future__ import annotations

RNN_UTILITIES = "torch.nn.utils.rnn."
PACKED = RNN_UTILITIES + "PackedSequence"
PACK = RNN_UTILITIES + "pack_padded_sequence"
PACK_SEQUENCE = RNN_UTILITIES + "pack_sequence"
PAD_PACKED = RNN_UTILITIES + "pad_packed_sequence"
PAD = RNN_UTILITIES + "pad_sequence"
UNPAD = RNN_UTILITIES + "unpad_sequence"

GETITEM = "torch.Tensor.__getitem__"
SELECT = "torch.Tensor.select"
UNBIND = "torch.Tensor.unbind"  #: what an unpacking of a tensor does when it succeeds
UNPACK = "builtins.unpack"  #: an unpacking that fails; its arguments are the value and the number of names

RECURRENT = frozenset({"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN"})
READING_PACKED = frozenset(f"{layer}.forward" for layer in RECURRENT)  #: what takes a PackedSequence for a tensor
CELLS = frozenset({"torch.nn.LSTMCell", "torch.nn.GRUCell", "torch.nn.RNNCell"})
WITH_CELL_STATE = frozenset({"torch.nn.LSTM", "torch.nn.LSTMCell"})
EMBEDDING = "torch.nn.Embedding"
LINEAR = "torch.nn.Linear"
MODULE = "torch.nn.Module"
MODULE_LIST = "torch.nn.ModuleList"
