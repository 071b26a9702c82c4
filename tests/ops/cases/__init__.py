"""Calls that the tests of ops/ run with torch: those that it takes, and those that it refuses.

General operations are in `calls.py`, `moving.py`, `computing.py` and `making.py`, all of them in `tensors.py`; torch.nn.functional and
torch.nn.utils.rnn in `functions.py`, layers in `layers.py`; what slides over places in `spatial_functions.py` and `spatial_layers.py`, with which
either is whole.
"""
