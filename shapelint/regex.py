"""Regular expressions that are compiled when they are first used: most of those of a module wait for rare texts."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_PUBLIC = [name for name in dir(re.Pattern) if not name.startswith("_")]


class _Later:
    """What a compiled pattern is, from the first question on."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._given)
        vars(self).update({public: getattr(compiled, public) for public in _PUBLIC})  # the next question finds it here
        return getattr(compiled, name)


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A pattern for a name of a module. One that is put together while the program runs is for `re.compile`."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))
