"""Where this repository is: tests look at its files by their place in it, and not by their own."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
