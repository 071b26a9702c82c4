"""How many of the mistakes in fixtures/pairs are found, and how many of their right twins are flagged.

    python benchmarks/pairs.py [--missed]

Each pair is a wrong program, whose line ends with `# BAD`, and a right twin that differs in the mend alone. They were
written from torch's documentation before anybody looked at the code, and each was run with torch: those in `raises`
raise there, those in `silent` run and give numbers that mean nothing. Exit status 1 if a right twin is flagged.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from shapelint.api import check

PAIRS = Path(__file__).parents[1] / "fixtures" / "pairs"


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding of at least medium confidence."""

    line: int
    is_confirmed: bool


def hits_in(paths: list[Path]) -> dict[str, list[Hit]]:
    """The findings by the names of the files.

    Each program is a project of its own: what one gives a parameter says nothing of the parameters of another.
    """
    found: dict[str, list[Hit]] = {}
    with TemporaryDirectory() as folder:
        for path in paths:
            alone = Path(folder, path.stem)
            alone.mkdir()
            (alone / "pyproject.toml").touch()
            copy(path, alone)
        for finding in check([folder], cache=False).findings:
            if finding.confidence != "low":
                is_confirmed = finding.verification.status == "confirmed"
                found.setdefault(Path(finding.path).name, []).append(Hit(finding.line, is_confirmed))
    return found


def marked_line(path: Path) -> int:
    """The line of the mistake."""
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# BAD"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missed", action="store_true", help="list what is not found, by family")
    options = parser.parse_args()
    paths = sorted(PAIRS.glob("*/*.py"))
    found = hits_in(paths)
    with (PAIRS / "families.tsv").open() as table:
        families = {row["number"]: row["family"] for row in csv.DictReader(table, delimiter="\t")}
    counts: Counter[tuple[str, str]] = Counter()
    for path in paths:
        kind, hits = path.parent.name, found.get(path.name, [])
        if path.stem.endswith("_good"):
            counts[kind, "flagged"] += bool(hits)
            continue
        counts[kind, "wrong"] += 1
        counts[kind, "found"] += bool(hits)
        counts[kind, "on the line"] += any(abs(hit.line - marked_line(path)) <= 1 for hit in hits)
        counts[kind, "confirmed"] += any(hit.is_confirmed for hit in hits)
        if options.missed and not hits:
            print(f"{kind:8}{families[path.name[:3]]}: {path.name}")
    columns = ("wrong", "found", "on the line", "confirmed", "flagged")
    print(f"{'':8}" + "".join(f"{column:>13}" for column in columns))
    for kind in ("raises", "silent"):
        print(f"{kind:8}" + "".join(f"{counts[kind, column]:13}" for column in columns))
    return int(any(counts[kind, "flagged"] for kind in ("raises", "silent")))


if __name__ == "__main__":
    sys.exit(main())
