"""The sides that a path takes, and what it is entered with."""

from __future__ import annotations

from shapelint.choices.questions import Question, Related
from shapelint.data import dataclass
from shapelint.regex import regex
from shapelint.shapes.value import Value
from shapelint.source import Span

_SETTING = regex(r"([A-Za-z_]\w*)(?:[\"']\])?\Z")  #: the last name of a dotted or subscripted one
_PLACE = regex(r"@\d+:\d+|#\d+")


def without_places(key: str) -> str:
    """The key of an unknown value without the places that tell it apart from others of the same text."""
    return _PLACE.sub("", key)


@dataclass(frozen=True, slots=True)
class Decision:
    """An undecidable condition and the side that this path took.

    `subject` names the condition for people (`bidirectional`, `lengths is None`), `choice` the side,
    `likely` whether the choice is what the defaults give (None when there is no default). A side that nothing in the
    code speaks of is not `invited`: `getattr(nn, kind)` may be an RNN, and `x.squeeze(0)` may drop an axis. `question`
    is what was asked, where it is known; of a choice among several it is whether the value is the one chosen.
    `asked_in` is the function whose body asks; what is `implied` no code asks, but an operation that needs equal sizes.
    """

    subject: str
    choice: object
    likely: bool | None
    invited: bool = True
    question: Question | None = None
    asked_in: Span | None = None
    implied: bool = False

    @property
    def setting(self) -> str | None:
        """The name of what was asked about, where that is one value with a name: `config["bidirectional"]`."""
        variables = self.question.variables if self.question else (self.subject,) if self._is_size else ()
        if len(variables) != 1 or " in " in variables[0]:
            return None  # `"fc" in layers` is no value of `layers`
        found = _SETTING.search(without_places(variables[0]))
        return None if found is None else found[1]

    def fits(self, value: object) -> bool:
        """Whether the choice is the one for a value of what was asked about."""
        if self.question is None:
            return self._is_size and type(value) is int and value == self.choice
        wanted = self.choice if isinstance(self.choice, bool) else True
        return self.question.answer({self.question.variables[0]: value}) is wanted

    @property
    def _is_size(self) -> bool:
        """Whether the choice is the number that a size is taken for."""
        return self.question is None and type(self.choice) is int

    @property
    def told(self) -> str:
        """The branch in words: `bidirectional`, not `bidirectional`, `kind` is 'lstm'."""
        subject = without_places(self.subject)
        if self.choice is True:
            return f"`{subject}`"
        if self.choice is not False:
            return f"`{subject}` is {self.choice!r}"
        is_equation = isinstance(self.question, Related) and subject.count(" == ") == 1
        return f"`{subject.replace(' == ', ' != ')}`" if is_equation else f"not `{subject}`"


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter that nobody gives a value: the key of what stands for it, and its default; `kind` as in facts."""

    name: str
    key: str
    kind: str
    default: Value | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What a path calls although the code does not: an entry point's class, its method, or a function.

    `kind` is "module" of a class that derives from one that is not read (nn.Module), "object" of another one; of a
    function it is "generator", "coroutine", or as in infer/values/objects.py: "plain", "property", "static", "class".
    """

    name: str
    kind: str
    parameters: tuple[Free, ...]
