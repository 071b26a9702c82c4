"""The inputs of a fuzz: the n-th of a seed is always the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from root import ROOT

from fuzzing.faults import Fault, contradictions, timed
from fuzzing.mutations import mutated_bytes, mutated_tokens, mutated_tree
from fuzzing.statements import random_program
from shapelint.rules.base import RULES, load
from shapelint.verify.client import Verifier

load()
FIXTURES = ROOT / "fixtures"
SECONDS = 20.0  #: what takes longer counts as a hang
KINDS = ("byte", "token", "tree", "program", "mutated program")


@dataclass(frozen=True, slots=True)
class Given:
    """An input: its kind, the path that its imports start from, and its bytes."""

    kind: str
    path: str
    raw: bytes


def seeds() -> list[tuple[str, str]]:
    """What is mutated: the fixtures, and the examples of the rules' pages, each with its path."""
    fixtures = [(str(path), path.read_text()) for path in sorted(FIXTURES.rglob("*.py"))]
    examples = [("example.py", text) for code in sorted(RULES) for text in (*RULES[code].bad, *RULES[code].good)]
    return [*fixtures, *examples]


_SEEDS = [(path, text) for path, text in seeds() if text.strip()]


def nth(seed: int, number: int) -> Given:
    """One input."""
    choice = random.Random(f"{seed}:{number}")
    kind = KINDS[number % len(KINDS)]
    path, text = choice.choice(_SEEDS)
    if "program" in kind:
        path, text = "generated.py", random_program(choice)
    if kind == "byte":
        return Given(kind, path, mutated_bytes(text, choice))
    if kind == "program":
        return Given(kind, path, text.encode())
    mutate = mutated_tree if kind != "token" else mutated_tokens
    return Given(kind, path, mutate(text, choice).encode("utf-8", "surrogatepass"))


def faults(given: Given, verifier: Verifier, seconds: float = SECONDS) -> Iterator[Fault]:
    """What is wrong with the tool's answer to an input."""
    answer = timed(seconds, given.path, given.raw)
    if isinstance(answer, Fault):
        yield answer
    elif given.kind == "program":
        yield from contradictions(given.raw.decode(), answer, verifier)
