"""The catalogue of mistakes: programs made by hand, of which torch must confirm a claim where they are bad and refute it where not.

A case is a function named after a code. The `CASES` of a module tell what torch says of the bad code.
"""

from __future__ import annotations

from catalogue import layouts, modules, networks, packing, states, surroundings
from shapelint import rooms
from shapelint.finding import Claim

CASES = {
    case: detail
    for part in (layouts, states, packing, surroundings, modules, networks)
    for case, detail in part.CASES.items()
}


def properties() -> set[str]:
    """The properties that there are: the classes of claims/."""
    for name in rooms.paths("shapelint.claims"):
        rooms.module("shapelint.claims", name)
    return {claim.property for claim in Claim.__subclasses__()}
