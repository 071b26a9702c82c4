"""A rule of a user's own, and what makes the processes that check files know it."""

from __future__ import annotations

EXTRA_RULES = """\
from shapelint.finding import Ref, Severity
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.reading.claims import samples_mix
from shapelint.reading.operations import is_recurrent_call

WRONG = Rule("SHP198", "wrong", Severity.WARNING, "Accuses every call.", "", (), ())
OFF = Rule("SHP199", "off", Severity.INFO, "Tells of every call.", "", (), (), default=False)


@check(WRONG, OFF)
def accuse(trace):
    for call in filter(is_recurrent_call, trace.nodes):
        yield report(WRONG, trace, call, "mixes samples", claims=samples_mix(trace, call, Ref(call.id, (0,))))
        yield report(OFF, trace, call, "is a call", claims=())
"""
ADD_EXTRA_RULES = """\
import shapelint.rules
shapelint.rules.__path__.append({directory!r})
"""
