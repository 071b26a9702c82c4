"""Tests keep nothing for the next run, but those of the cache."""

import os

os.environ["SHAPELINT_NO_CACHE"] = "1"
