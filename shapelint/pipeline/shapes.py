"""The shapes in a text, as a process of its own finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapelint.pipeline.check import analyse_source, internal_error
from shapelint.project.given import Given, take_given
from shapelint.source import Problem, Source

if TYPE_CHECKING:
    from shapelint.report.shapes import Found


def shapes_in(source: Source, given: Given) -> tuple[Found, tuple[Problem, ...]]:
    """The shapes in a text; never raises."""
    from shapelint.report.shapes import found_in

    take_given(given)
    try:
        analysis = analyse_source(source)
        return found_in(analysis.traces), analysis.problems
    except Exception as error:
        return {}, (internal_error(source.path, error),)
