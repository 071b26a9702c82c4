"""What a reader wants of a report, beside its format."""

from __future__ import annotations

from shapelint.data import dataclass

FOOTPRINTS = ("all", "first", "none")


@dataclass(frozen=True, slots=True)
class Telling:
    """How the findings are told.

    `footprints` of "first" shows one for each kind of finding in a run. `whole` leaves nothing away for brevity, and
    `links` are for a terminal that follows them.
    """

    show_refuted: bool = False  #: list the candidates that torch disproved, too
    footprints: str = "first"
    whole: bool = False
    links: bool = False
    columns: int | None = None  #: of the terminal that shows it; a pipe or a file has none
