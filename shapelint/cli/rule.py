"""`shapelint rule`: the page of a rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from shapelint.cli.options import Failure, color_option, write
from shapelint.keys import suggestion

if TYPE_CHECKING:
    from shapelint.rules.base import Rule


@click.command(short_help="Explain a rule.")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All rules.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@color_option
def rule(codes: tuple[str, ...], every: bool, output_format: str) -> None:
    """Explain rules by CODE: what is wrong, why it matters, how torch proves it, when the rule is silent."""
    from shapelint.rules.index import by_default

    if not every and not codes:
        raise Failure("name a code, for instance `shapelint rule SHP101`, or give --all")
    known = sorted(by_default())
    rules = [_rule(code, known) for code in (known if every else map(str.upper, codes))]
    write(as_json(rules) if output_format == "json" else as_text(rules))


def _rule(code: str, known: Sequence[str]) -> Rule:
    from shapelint.rules.index import rule_of

    rule = rule_of(code)
    if rule is None:
        raise Failure(f"unknown rule code {code!r}{suggestion(code, known)}")
    return rule


def as_text(rules: Sequence[Rule]) -> str:
    """The pages in Markdown."""
    return "\n".join(page(rule) for rule in rules)


def page(rule: Rule) -> str:
    """One page in Markdown with its title."""
    title = click.style(f"# {rule.code}: {rule.name}", bold=True)
    state = "on by default" if rule.default else "off by default"
    return f"{title}\n\n{rule.summary}\n\nSeverity: {rule.severity.value}, {state}.\n\n{rule.page.strip()}\n"


def as_json(rules: Sequence[Rule]) -> str:
    """The rules as a list of objects."""
    entries = [
        {
            "code": rule.code,
            "name": rule.name,
            "summary": rule.summary,
            "severity": rule.severity.value,
            "confidence": rule.confidence.value,
            "default": rule.default,
            "page": rule.page.strip(),
            "bad": list(rule.bad),
            "good": list(rule.good),
        }
        for rule in rules
    ]
    return json.dumps(entries, indent=2) + "\n"
