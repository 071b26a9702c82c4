"""The verdicts of torch by the digests of the programs, in one JSON file for each version of shapelint and torch.

    {"verdicts": {"DIGEST": [DAY, VERDICT]}}

One that no run has used for `KEPT_DAYS` is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import field
from typing import Any

from shapelint.cache.codec import CodecError, decoded, encoded
from shapelint.cache.results import KEPT_DAYS, latest, today
from shapelint.data import dataclass
from shapelint.finding import Verdict

MAX_VERDICTS = 100_000


@dataclass(slots=True)
class Verdicts:
    """What torch has said; `is_old` when there is more to write."""

    known: dict[str, Any]
    used: dict[str, list[Any]] = field(default_factory=dict)
    is_old: bool = False

    @staticmethod
    def of(raw: bytes | None) -> Verdicts:
        """Those of a file's content; none where it is not one of ours."""
        try:
            return Verdicts(dict(json.loads(raw)["verdicts"]) if raw is not None else {})
        except (ValueError, KeyError, TypeError, RecursionError):
            return Verdicts({})

    def get(self, digest: str) -> Verdict | None:
        """The verdict on a program, if there is one."""
        try:
            _, verdict = self.used.get(digest) or self.known[digest]
            found = decoded(Verdict, verdict)
        except (KeyError, TypeError, ValueError):
            return None
        self.used[digest] = [today(), verdict]
        return found

    def put(self, digest: str, verdict: Verdict) -> None:
        """Keep a verdict."""
        self.used[digest] = [today(), encoded(verdict)]
        self.is_old = True

    def merged(self, raw: bytes | None) -> bytes:
        """What to write in place of a content: another run may have written meanwhile."""
        kept = dict(_kept(Verdicts.of(raw).known)) | self.used
        told = latest(kept, lambda entry: int(entry[0]), MAX_VERDICTS)
        return json.dumps({"verdicts": told}, separators=(",", ":")).encode()


def _kept(known: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for digest, given in known.items():
        try:
            day, _ = decoded(int, given[0]), decoded(Verdict, given[1])
        except (CodecError, TypeError, KeyError, IndexError):
            continue
        if today() - KEPT_DAYS <= day <= today():
            yield digest, given
