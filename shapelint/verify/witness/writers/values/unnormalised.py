"""The script that shows what is wrong with `unnormalised`: sums along an axis, as for `sums_to_one`."""

from __future__ import annotations

from shapelint.verify.witness.writers.values.sums_to_one import write as write
