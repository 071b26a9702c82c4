"""SHP002: a comment that silences nothing. No trace shows it (`suppress/unused.py` finds it): here is its page."""

from __future__ import annotations

from shapelint.finding import UNUSED, Severity
from shapelint.rules.base import Rule
from shapelint.suppress.unused import NAME

UNUSED_SUPPRESSION = Rule(
    code=UNUSED,
    name=NAME,
    severity=Severity.INFO,
    summary="a comment names codes of shapelint and silences nothing by them",
    page="""\
## What it does
Finds comments that name codes of shapelint, such as `# noqa: SHP101` or `# shapelint: ignore[SHP101]`, and silence
nothing by them.

## Why is this bad
The mistake was mended, or the code is wrong. The comment hides the next mistake of that kind in its line, and says to
readers that there is one.

## Example
```python
from torch import nn

encoder = nn.LSTM(8, 16, batch_first=True)  # noqa: SHP101
```

## Use instead
```python
from torch import nn

encoder = nn.LSTM(8, 16, batch_first=True)
```

`--fix` takes the comment away, or the one code among several, also when it mends the mistake itself. No program reads a
comment, so this fix is safe, and needs no proof.

## Proved by
Nothing: that a finding is not there needs no torch.

## When it stays silent
A rule that the comment names is not looked for (`--select`, `ignore`); the comment names no codes, or those of other
tools; findings of any confidence count as silenced. A notebook has a cell that cannot be read. The file does not speak
of torch, and is not read. `ignore = ["SHP002"]` switches it off.
""",
    bad=(),
    good=(),
)
