"""The names of a file that nothing binds: where one is read, Python raises NameError."""

from __future__ import annotations

import builtins
import symtable
import warnings
from collections.abc import Iterator
from functools import lru_cache

from shapelint.regex import regex

#: what brings names from where we do not look: other files' names, and code that binds by text
_OPEN = regex(r"import\s*\(?\s*\*|\b(exec|execfile|globals|locals|vars|builtins|__builtin__|get_ipython)\b")
#: builtins of Python 2, which much published code was written for
_FORMER = frozenset(
    "apply basestring buffer cmp coerce execfile file intern long raw_input reduce reload unichr unicode xrange".split()
)


@lru_cache(maxsize=64)
def undefined_names(text: str) -> frozenset[str]:
    """The names that a file reads and nothing binds, neither in it nor in Python; none where that cannot be told."""
    if _OPEN.search(text):
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the checked code: an invalid escape, `is` with a number
            table = symtable.symtable(text, "<checked>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    scopes = list(_scopes(table))
    bound = {symbol.get_name() for scope in scopes for symbol in scope.get_symbols() if _is_of_module(symbol, scope)}
    read = {symbol.get_name() for scope in scopes for symbol in scope.get_symbols() if _is_free(symbol, scope)}
    return frozenset(name for name in read - bound - _FORMER - set(dir(builtins)) if not name.startswith("_"))


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        yield scope
        waiting.extend(scope.get_children())


def _is_of_module(symbol: symtable.Symbol, scope: symtable.SymbolTable) -> bool:
    """Whether a scope gives the module a name: its own statements, and functions that declare it global."""
    binds = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    return binds and (scope.get_type() == "module" or symbol.is_declared_global())


def _is_free(symbol: symtable.Symbol, scope: symtable.SymbolTable) -> bool:
    """Whether a name is looked up in the module, and in Python."""
    return symbol.is_referenced() and (symbol.is_global() or scope.get_type() == "module")
