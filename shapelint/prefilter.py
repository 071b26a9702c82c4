"""Which files are worth parsing: a test of raw bytes, at several hundred megabytes a second.

It errs on one side only. A file that it lets through may hold no tensor; a file that it rejects speaks of none.
"""

from __future__ import annotations

#: what brings torch into a file, by itself or by another module of the project, and what runs tensors there
_SIGNS = (b"torch", b"lightning", b"einops", b"nn.", b"def forward", b"getattr(nn")


def is_wide(raw: bytes) -> bool:
    """Whether bytes look like UTF-16 or UTF-32: with a byte order mark, or a NUL beside the first character."""
    return raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:4]


def may_use_torch(raw: bytes) -> bool:
    """Whether a file may build or run layers of torch, under any import.

    The modules of torch may reach a file by another one (`from common import nn`), so `nn.` stands for torch, and
    so does what defines a `forward`. A text of wide characters passes, so that it is told.
    """
    return is_wide(raw) or any(sign in raw for sign in _SIGNS)
