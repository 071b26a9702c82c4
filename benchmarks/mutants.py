"""How many semantic mutations of right recurrent models are found, by the kind of mutation.

    python benchmarks/mutants.py --count 600 --seed 1

The models are the right examples of the rules that torch can run. A mutant is wrong if torch raises, or if another
sample or step reaches an entry of the results, or another parameter is dead (behaviour.py); the others are not counted.
Prints a table, and with --survivors the wrong ones that were passed over. Exit status 1 if a right one is flagged.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from runs.behaviour import Seen, Setting, behaviour
from sources.mutations import Mutation, mutations

from shapelint.finding import Confidence, Finding, Status
from shapelint.infer.analyse import load as load_operations
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.rules.base import RULES, load
from shapelint.source import Source
from shapelint.verify.client import Verifier


@dataclass(frozen=True)
class Right:
    """A right model, and what it does."""

    text: str
    setting: Setting
    seen: Seen


@dataclass
class Row:
    """What became of the wrong mutants of one kind."""

    wrong: int = 0
    flagged: int = 0
    general: int = 0  #: flagged by these, or by the general rules
    confirmed: int = 0
    codes: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def main() -> int:
    """Make mutants, ask torch and shapelint, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--survivors", action="store_true")
    options = parser.parse_args()
    load()
    load_operations()
    rights = list(models())
    rows: dict[str, Row] = defaultdict(Row)
    with Verifier() as verifier:
        false = [right for right in rights if findings(right.text, verifier)]
        for right, mutation in chosen(rights, options.count, random.Random(options.seed)):
            text = mutation.of(right.text)
            if not is_wrong(right, text):
                continue
            found = findings(text, verifier)
            count(rows[mutation.kind], found)
            if options.survivors and not found:
                print(f"--- {mutation.kind}: {mutation.text!r}\n{text}")
    show(rights, rows)
    for right in false:
        print(f"flagged as it is:\n{right.text}")
    return int(bool(false))


def models() -> Iterator[Right]:
    """The right models that torch can run."""
    for text in sorted({text for rule in RULES.values() for text in rule.good if "def forward" in text}):
        try:
            setting = Setting.of(text)
            yield Right(text, setting, behaviour(text, setting))
        except Exception:  # torch cannot be asked about this one
            continue


def chosen(rights: list[Right], count: int, chance: random.Random) -> list[tuple[Right, Mutation]]:
    """So many mutants, of each kind about as many: the kinds take turns."""
    kinds: dict[str, list[tuple[Right, Mutation]]] = defaultdict(list)
    for right in rights:
        for mutation in mutations(right.text):
            kinds[mutation.kind].append((right, mutation))
    for every in kinds.values():
        chance.shuffle(every)
    found: list[tuple[Right, Mutation]] = []
    while len(found) < count and any(kinds.values()):
        found += [every.pop() for _, every in sorted(kinds.items()) if every]
    return found[:count]


def is_wrong(right: Right, text: str) -> bool:
    """Whether torch raises, or the model does something else."""
    try:
        return behaviour(text, right.setting) != right.seen
    except Exception:  # whatever it raises, the right one does not
        return True


def findings(text: str, verifier: Verifier) -> list[Finding]:
    """What the rules that are on by default report, and the general ones."""
    wanted = Wanted(frozenset(code for code, rule in RULES.items() if rule.default or rule.general))
    result = proven(check_source(Source("model.py", text), wanted), verifier)
    return [finding for finding in result.findings if finding.confidence is not Confidence.LOW]


def count(row: Row, found: list[Finding]) -> None:
    """Add a wrong mutant to its row."""
    row.wrong += 1
    row.flagged += any(RULES[finding.code].default for finding in found)
    row.general += bool(found)
    row.confirmed += any(one.verdict is not None and one.verdict.status is Status.CONFIRMED for one in found)
    for code in {finding.code for finding in found}:
        row.codes[code] += 1


def show(rights: list[Right], rows: dict[str, Row]) -> None:
    """Print the table."""
    print(f"{len(rights)} right models")
    print("| mutation | wrong | flagged | with general rules | confirmed | by |\n|---|---|---|---|---|---|")
    for kind, row in sorted(rows.items(), key=lambda pair: (pair[1].general / pair[1].wrong, pair[0])):
        codes = sorted(row.codes, key=lambda code: (-row.codes[code], code))[:4]
        print(f"| {kind} | {row.wrong} | {row.flagged} | {row.general} | {row.confirmed} | {', '.join(codes)} |")
    whole = Row(
        *(sum(getattr(row, name) for row in rows.values()) for name in ("wrong", "flagged", "general", "confirmed"))
    )
    shares = " | ".join(f"{count} ({count / max(whole.wrong, 1):.0%})" for count in (whole.flagged, whole.general))
    print(f"| all | {whole.wrong} | {shares} | {whole.confirmed} | |")


if __name__ == "__main__":
    sys.exit(main())
