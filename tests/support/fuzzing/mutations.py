"""Random changes of a program: of its bytes, of its tokens, and of its tree (which leave it parsable)."""

from __future__ import annotations

import ast
import builtins
import copy
import io
import itertools
import random
import tokenize

#: what a byte or a token is replaced with: what often ends a parser or an interpreter
BYTES = (
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r",
    b"\n",
    b"\f",
    b"\t",
    b"\\",
    b"'",
    b'"""',
    b"#",
    b"\xc3\xa9",
)
TOKENS = (
    *"( ) [ ] { } , : . * ** - ~ @ = == := += -> | ^ % // < ; ...".split(),
    *"None True 0 -1 1e999 10**9 0x7fffffffffffffff '' 'a' b'' f'{x}' x self super() torch nn".split(),
    *"lambda if else for in not and or is def class return yield await async with try except match case del".split(),
    *"global nonlocal while break continue pass raise assert import from \n \n\t \\\n".split(" "),
)
#: what a call may call instead
FUNCTIONS = (
    *(name for name in dir(builtins) if name.islower() and not name.startswith("_")),
    *"functools.partial functools.reduce itertools.chain itertools.product math.sqrt operator.mul copy.deepcopy".split(),
)
_FIELDS = "value func left right test body orelse iter slice operand".split()


def mutated_bytes(text: str, choice: random.Random) -> bytes:
    """The bytes of a text with a few of them changed, lost, repeated or put in."""
    raw = text.encode("utf-8", "surrogatepass")
    for _ in range(choice.randint(1, 4)):
        begin = choice.randrange(len(raw) + 1)
        end = min(len(raw), begin + choice.choice((0, 1, 1, 3, 40)))
        piece = choice.choice((b"", bytes([choice.randrange(256)]), choice.choice(BYTES), raw[begin:end] * 3))
        raw = raw[:begin] + piece + raw[end:]
    return raw


def mutated_tokens(text: str, choice: random.Random) -> str:
    """The text with a few of its tokens replaced, exchanged, lost or repeated."""
    pieces = tokens_of(text)
    for _ in range(choice.randint(1, 5)):
        at, other = choice.randrange(len(pieces)), choice.randrange(len(pieces))
        replacement = choice.choice(("", choice.choice(TOKENS), f" {choice.choice(TOKENS)} ", pieces[other]))
        pieces[at] = choice.choice((replacement, replacement, pieces[at] * 2))
    return "".join(pieces)


def tokens_of(text: str) -> list[str]:
    """The text cut into its tokens and what lies between them; into lines where Python cannot read it."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    try:
        found = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (SyntaxError, tokenize.TokenError):
        return lines or [""]
    places = {
        starts[row - 1] + column for token in found for row, column in (token.start, token.end) if row <= len(lines)
    }
    cuts = sorted({0, len(text), *places})
    return [text[begin:end] for begin, end in itertools.pairwise(cuts)] or [""]


def mutated_tree(text: str, choice: random.Random) -> str:
    """The text with a few of its statements and expressions exchanged."""
    return Mutation(text, choice).apply(choice.randint(1, 6))


class Mutation:
    """Random changes of a program that leave it parsable: statements and expressions change places."""

    def __init__(self, text: str, choice: random.Random) -> None:
        self.tree = ast.parse(text)
        self.choice = choice

    def blocks(self) -> list[list[ast.stmt]]:
        fields = [getattr(node, field, None) for node in ast.walk(self.tree) for field in ("body", "orelse")]
        return [field for field in fields if isinstance(field, list) and field]

    def statement(self) -> tuple[list[ast.stmt], int]:
        block = self.choice.choice(self.blocks())
        return block, self.choice.randrange(len(block))

    def delete_statement(self) -> None:
        block, index = self.statement()
        block[index] = ast.Pass()  # so no block is ever empty

    def repeat_statement(self) -> None:
        block, index = self.statement()
        block.insert(index, copy.deepcopy(block[index]))

    def move_statement(self) -> None:
        (block, index), (other, place) = self.statement(), self.statement()
        block[index] = copy.deepcopy(other[place])

    def swap_expressions(self) -> None:
        places = [
            (node, field)
            for node in ast.walk(self.tree)
            for field in _FIELDS
            if isinstance(getattr(node, field, None), ast.expr)
        ]
        if not places:
            return
        (node, field), (other, place) = self.choice.choice(places), self.choice.choice(places)
        setattr(node, field, copy.deepcopy(getattr(other, place)))

    def change_arguments(self) -> None:
        called = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        if not called:
            return
        call, other = self.choice.choice(called), self.choice.choice(called)
        call.args = copy.deepcopy(self.choice.choice(([], call.args[1:], call.args[::-1], call.args * 2, other.args)))

    def change_function(self) -> None:
        called = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        if called:
            self.choice.choice(called).func = ast.parse(self.choice.choice(FUNCTIONS), mode="eval").body

    def apply(self, count: int) -> str:
        changes = (
            self.delete_statement,
            self.repeat_statement,
            self.move_statement,
            self.swap_expressions,
            self.change_arguments,
            self.change_function,
        )
        for _ in range(count):
            self.choice.choice(changes)()
        return ast.unparse(ast.fix_missing_locations(self.tree))
