"""The layers of shapelint/, from below to above: docs/architecture.md shows them, and tests hold who imports whom."""

from __future__ import annotations

#: imports go from a later layer to an earlier one, or stay inside a layer
LAYERS = (
    ("data", "effort", "process", "regex", "rooms"),
    ("grammar", "notebooks", "prefilter", "source"),
    ("finding", "patterns", "project", "suppress"),
    ("syntax",),
    ("shapes",),
    ("notation", "choices", "claims"),
    ("ops",),
    ("trace",),
    ("infer",),
    ("reading",),
    ("rules",),
    ("verify",),
    ("report",),
    ("cache",),
    ("config", "keys", "pipeline", "reduction", "selection"),
    ("api", "cli", "editors", "__main__"),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
