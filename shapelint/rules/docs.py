"""What is written from the rules by `python -m shapelint.rules.docs`: their pages in docs/rules/, and their index."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shapelint.data import dataclass
from shapelint.finding import Finding
from shapelint.rules import index
from shapelint.rules.base import RULES, UNDECIDED, Rule, Undecided, load
from shapelint.rules.findings import findings
from shapelint.rules.unused_comments import UNUSED_SUPPRESSION
from shapelint.source import Problem, Source

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"
INDEX = "README.md"
NOTICE = "<!-- Written by `python -m shapelint.rules.docs` from the rules; edit them there. -->\n"


def pages() -> Mapping[str, str]:
    """The text of every file of docs/rules/, by file name."""
    load()
    rules = [UNUSED_SUPPRESSION, *sorted(RULES.values(), key=lambda rule: rule.code)]
    return {INDEX: _index(rules), **{f"{rule.code}.md": _page(rule) for rule in rules}}


def write(folder: Path = FOLDER) -> None:
    """Write all pages, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = pages()
    for path in folder.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the findings in a rule's bad examples have: the properties that they claim, and fixes."""

    properties: tuple[str, ...]
    fix: str


@cache
def seen(rule: Rule) -> Seen:
    """Run a rule on its bad examples."""
    if rule is UNUSED_SUPPRESSION:
        return Seen((), "safe")
    found = [finding for text in rule.bad for finding in _findings(rule, text)]
    fixes = [fix for finding in found for fix in finding.fixes]
    safe = any(fix.safe for fix in fixes)
    properties = {claim.property for finding in found for claim in finding.claims}
    return Seen(tuple(sorted(properties)), "safe" if safe else "suggestion" if fixes else "none")


def _findings(rule: Rule, text: str) -> list[Finding]:
    # this module is loaded with the rules, and `shapelint rule` explains one without parsing anything
    from shapelint.infer.analyse import analyse
    from shapelint.syntax.parse import parse

    source = Source("example.py", text)
    module = parse(source)
    if isinstance(module, Problem):
        raise ValueError(f"an example of {rule.code} does not parse: {module.message}")
    return [finding for finding, _ in findings(analyse(module, source), frozenset({rule.code}))]


def _index(rules: list[Rule]) -> str:
    head = [
        "# Rules",
        "",
        "| code | name | severity | proved by | fix | default | what it finds |",
        "|---|---|---|---|---|---|---|",
    ]
    return NOTICE + "\n".join([*head, *map(_row, rules), *_undecided(sorted(UNDECIDED.items()))]) + "\n"


def _row(rule: Rule) -> str:
    examples = seen(rule)
    cells = (
        f"[{rule.code}]({rule.code}.md)",
        rule.name,
        rule.severity.value,
        ", ".join(examples.properties),
        examples.fix,
        "on" if rule.default else "off",
        rule.summary,
    )
    return f"| {' | '.join(cells)} |"


def _undecided(entries: list[tuple[str, Undecided]]) -> list[str]:
    if not entries:
        return []
    title = "## Mistakes that source alone cannot decide"
    head = ["", title, "", "| code | name | why there is no rule |", "|---|---|---|"]
    return [*head, *(f"| {code} | {entry.name} | {entry.reason} |" for code, entry in entries)]


def _page(rule: Rule) -> str:
    state = "on by default" if rule.default else "off by default"
    told = (
        f"{NOTICE}# {rule.code}: {rule.name}\n\n{rule.summary}\n\n"
        f"Severity: {rule.severity.value}, {state}. Fix: {seen(rule).fix}.\n\n"
        f"{rule.page.strip()}\n"
    )
    if rule.bad:
        told += f"\n## Reported\n{_snippets(rule.bad)}\n## Not reported\n{_snippets(rule.good)}"
    return told


def _snippets(examples: tuple[str, ...]) -> str:
    return "\n".join(f"```python\n{example.rstrip()}\n```\n" for example in examples)


if __name__ == "__main__":
    index.write()
    write()
