"""docs/gallery.md and its pictures, from the rules' examples and what torch says of them.

    python scripts/gallery.py

In it is what runs without an error and the rules tell by default. `tests/house/test_docs.py` compares it with what is found
now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapelint.finding import Finding, Footprint, Severity
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.report.page.grid import svg
from shapelint.rules.base import RULES, Rule, load
from shapelint.source import Source
from shapelint.verify.client import Verifier

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """\
<!-- Written by `python scripts/gallery.py` from the rules' examples; edit them there. -->
# A gallery of silent mistakes

Torch runs all of these. The pictures are **dependence footprints**: torch changed each step of each input sample and
looked which rows of the result changed. A filled mark is a step that reaches the row. In a sound model row 1 is reached
by sample 1 alone (green, square); what is round and red is reached from another sample. Where there are more or fewer
rows than samples, marks are blue. To the left is the code as it is, to the right with the fix that shapelint offers.

"""
OTHERS = """\
## Without a picture

What is wrong with these shows in another way. This is what torch showed of their examples:

| code | the mistake | what torch showed |
|---|---|---|
"""
STYLE = (
    "svg{--ink:#1d2433;--muted:#667085;--edge:#c3c9d5;--good:#1a7f4b;--bad:#c4320a;--blue:#3b63c9}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e6eaf2;--muted:#98a2b3;--edge:#475067;--good:#4cc38a;--bad:#ff8a65;"
    "--blue:#7aa2ff}}text{font:12px system-ui,sans-serif;fill:var(--ink)}.small{fill:var(--muted);font-size:10px}"
    ".missed{fill:none;stroke:var(--edge)}.reached{fill:var(--blue)}.own{fill:var(--good)}.other{fill:var(--bad)}"
)
BETWEEN, TITLE = 24, 22


def silent() -> list[Rule]:
    """The rules of what runs without an error, in the order of their codes."""
    load()
    found = [rule for rule in RULES.values() if rule.severity is not Severity.ERROR and rule.default]
    return sorted(found, key=lambda rule: rule.code)


def part(rule: Rule, verifier: Verifier) -> tuple[str, str]:
    """What the page says of a rule: an entry with its picture, or a row of the table without one."""
    finding = _finding(rule, verifier)
    return (_entry(rule, finding), _picture(finding)) if _grids(finding) else (_row(rule, finding), "")


def files(verifier: Verifier) -> Mapping[str, str]:
    """All that is written, by its path in docs/."""
    parts = [(rule, *part(rule, verifier)) for rule in silent()]
    pictured = "".join(text for _, text, picture in parts if picture)
    others = "".join(text for _, text, picture in parts if not picture)
    page = HEAD + pictured + OTHERS + others
    return {"gallery.md": page, **{picture_of(rule): picture for rule, _, picture in parts if picture}}


def _finding(rule: Rule, verifier: Verifier) -> Finding:
    """What is found first in the rule's first bad example."""
    wanted = Wanted(frozenset({rule.code}))
    return proven(check_source(Source("example.py", rule.bad[0]), wanted), verifier).findings[0]


def _grids(finding: Finding) -> list[Footprint]:
    """The footprint and that of the mended program; none where one is missing, or has nothing to show."""
    mended = finding.fixes[0].footprint if finding.fixes else None
    both = [finding.verdict.footprint if finding.verdict else None, mended]
    return [one for one in both if one and one[0]] if all(both) else []


def picture_of(rule: Rule) -> str:
    """Where the picture of a rule is, seen from docs/."""
    return f"pictures/{rule.code}.svg"


def _entry(rule: Rule, finding: Finding) -> str:
    code = re.sub(r"  # error: .*", "", rule.bad[0]).rstrip()
    told = f"{rule.code}: {rule.summary}"
    alone = re.sub(r"[`\[\]]", "", told)
    return (
        f"## {rule.name}\n\n[{rule.code}](rules/{rule.code}.md): {rule.summary}.\n\n```python\n{code}\n```\n\n"
        f"Line {finding.span.line}: {finding.message}. Torch: {_detail(finding)}.\n\n"
        f"![{alone}]({picture_of(rule)})\n\n"
        f"Fix: {finding.fixes[0].description}.\n\n"
    )


def _detail(finding: Finding) -> str:
    return finding.verdict.detail if finding.verdict else ""


def _row(rule: Rule, finding: Finding) -> str:
    return f"| [{rule.code}](rules/{rule.code}.md) | {_cell(rule.summary)} | {_cell(_detail(finding))} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _picture(finding: Finding) -> str:
    """Both footprints beside each other, in a file that loads nothing."""
    drawn = list(_placed(finding))
    width = sum(one[1] for one in drawn) + BETWEEN
    height = max(one[2] for one in drawn) + TITLE
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = "".join(one[0] for one in drawn)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>\n{parts}</svg>\n'


def _placed(finding: Finding) -> Iterator[tuple[str, int, int]]:
    left = 0
    for footprint, title in zip(_grids(finding), ("as it is", "with the fix"), strict=True):
        drawn = svg(footprint, title)
        found = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn)
        assert found
        width, height = int(found[1]), int(found[2])
        head = f'<text x="{left}" y="13" font-weight="bold">{title}</text>\n'
        yield head + drawn.replace("<svg ", f'<svg x="{left}" y="{TITLE}" ', 1) + "\n", width, height
        left += width + BETWEEN


def main() -> None:
    with Verifier() as verifier:
        written = files(verifier)
    for old in (DOCS / "pictures").glob("SHP*.svg"):
        if f"pictures/{old.name}" not in written:
            old.unlink()
    for path, text in written.items():
        (DOCS / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
