"""Python's own tree of a text.

Python reads code that is as old as it is itself; what a newer one brought is put in older words first. So code for a
newer Python is read nearly as it is, and no grammar is kept here. Why not libcst, which keeps every blank: its parse
takes seven times as long, and was two fifths of a run.
"""

from __future__ import annotations

import ast
import warnings
from contextlib import suppress

from shapelint.grammar.deep import with_deep_stack
from shapelint.grammar.newer import in_older_words

TOO_DEEP = (RecursionError, MemoryError)  #: the second is what Python's parser raises where its own stack is full


def tree_of(text: str) -> tuple[ast.Module, str]:
    """The tree of a text, read on a larger stack where the usual one does not do, and the words that were read.

    Raises what `ast.parse` raises: SyntaxError, ValueError, and TOO_DEEP.
    """
    try:
        return _read(text)
    except TOO_DEEP:
        return with_deep_stack(lambda: _read(text))


def _read(text: str) -> tuple[ast.Module, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the checked code: an invalid escape, `is` with a number
        try:
            return ast.parse(text), text
        except SyntaxError as error:
            with suppress(SyntaxError):
                older = in_older_words(text)
                return ast.parse(older), older
            raise error from None
