"""Run programs with torch and print the shapes that their names have, as JSON, for each of many files at once.

Reads {path: ["5:output", ...]} from standard input; what each list means says shape_recorder.py.
"""

from __future__ import annotations

import json
import sys

from shape_recorder import record

if __name__ == "__main__":
    print(json.dumps({path: record(path, wanted) for path, wanted in json.load(sys.stdin).items()}))
