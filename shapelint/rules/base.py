"""What a rule is: a page, examples, and a check over a trace.

A rule file registers one or more `Rule`s and one check function:

    LAST_STEP = Rule(
        code="SHP101", name="last-step-on-batch-axis", severity=Severity.WARNING,
        page='''## What it does ...''', bad=(...,), good=(...,),
    )

    @check(LAST_STEP)
    def last_step_on_batch_axis(trace: Trace) -> Iterator[Finding]: ...

In a bad example the flagged line ends in `# error: SHP101`. The examples are the rule's tests.

`@check(LAST_STEP, at=Nature.SELECTION)` says where it looks: a path without such an operation is not asked, and a run
without such a path does not import the file (`rules/index.py`). Without `at` it looks at every path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache

from shapelint import rooms
from shapelint.data import dataclass
from shapelint.finding import Confidence, Finding, Severity
from shapelint.rules.occurring import Occurrence
from shapelint.trace.trace import Trace

HEADINGS = ("What it does", "Why is this bad", "Example", "Use instead", "Proved by", "When it stays silent")

Check = Callable[[Trace], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of mistake: its code, its page with the fixed HEADINGS, and its examples."""

    code: str
    name: str
    severity: Severity
    summary: str  #: one line for lists
    page: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    default: bool = True  #: selected when the user selects nothing
    confidence: Confidence = Confidence.HIGH
    waived_by_option: bool = False  #: who writes an option for it means it: silent where a flag or a name decides
    general: bool = False  #: told of what torch refuses only where no other rule explains it


@dataclass(frozen=True, slots=True)
class Undecided:
    """A known mistake that source alone cannot decide: it has no rule, and its code stays free.

    The `__init__.py` of a family lists them as UNDECIDED; docs/rules tells the reason.
    """

    code: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RegisteredCheck:
    """A check function, the rules it serves, and what it looks for: one of it occurs where anything is found."""

    rules: tuple[Rule, ...]
    run: Check
    at: frozenset[Occurrence] = frozenset()


RULES: dict[str, Rule] = {}  #: of the files that are imported; `load` imports all
UNDECIDED: dict[str, Undecided] = {}
CHECKS: dict[str, list[RegisteredCheck]] = {}  #: by the names of the files that hold them


def check(*rules: Rule, at: Occurrence | Collection[Occurrence] = ()) -> Callable[[Check], Check]:
    """Register a check function for its rules; raises ValueError for a code that is taken."""

    def register(function: Check) -> Check:
        for rule in rules:
            rooms.put(RULES, rule.code, rule)
        wanted = frozenset(at) if isinstance(at, Collection) else frozenset((at,))
        CHECKS.setdefault(function.__module__, []).append(RegisteredCheck(rules, function, wanted))
        return function

    return register


@cache
def load() -> None:
    """Import every rule file of this package: a new rule is a new file, listed nowhere."""
    for module in rooms.modules("shapelint.rules"):
        UNDECIDED.update({entry.code: entry for entry in vars(module).get("UNDECIDED", ())})
