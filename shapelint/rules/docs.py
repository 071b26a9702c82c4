"""The rule pages as Markdown files: `python -m shapelint.rules.docs` writes docs/rules/ from the rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shapelint.rules.base import RULES, Rule, load

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"
INDEX = "README.md"
NOTICE = "<!-- Written by `python -m shapelint.rules.docs` from the rules; edit them there. -->\n"


def pages() -> Mapping[str, str]:
    """The text of every file of docs/rules/, by file name."""
    load()
    rules = sorted(RULES.values(), key=lambda rule: rule.code)
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


def _index(rules: list[Rule]) -> str:
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {rule.summary} |" for rule in rules
    ]
    head = ["# Rules", "", "| code | name | severity | what it finds |", "|---|---|---|---|"]
    return NOTICE + "\n".join([*head, *rows]) + "\n"


def _page(rule: Rule) -> str:
    state = "on by default" if rule.default else "off by default"
    return (
        f"{NOTICE}# {rule.code}: {rule.name}\n\n{rule.summary}\n\n"
        f"Severity: {rule.severity.value}, {state}.\n\n"
        f"{rule.page.strip()}\n\n"
        f"## Reported\n{_snippets(rule.bad)}\n## Not reported\n{_snippets(rule.good)}"
    )


def _snippets(examples: tuple[str, ...]) -> str:
    return "\n".join(f"```python\n{example.rstrip()}\n```\n" for example in examples)


if __name__ == "__main__":
    write()
