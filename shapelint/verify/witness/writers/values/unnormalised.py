"""The script that shows what is wrong with `unnormalised`: what the values along an axis sum to, as for `sums_to_one`."""

from __future__ import annotations

from shapelint.verify.witness.writers.values.sums_to_one import write as write
