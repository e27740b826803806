"""Facts about a function, in terms shared by all languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True)
class Condition:
    """An expression that is tested, as written, on one line.

    A pattern that is matched has the form of Rust: `let PATTERN = VALUE`.
    """

    code: str
    element: str = ""
    """The variable of the loop around it, if the expression mentions that."""
    collection: str = ""
    """The collection that is looped over, or the bounds of the variable: `0 <= i < n`."""
    is_range: bool = False
    """True for a loop that counts; `collection` then holds its bounds."""
    is_clear: bool = True
    """Whether it says something to a reader who does not know the function's local variables."""
    is_exit: bool = field(default=False, compare=False)
    """Whether the function has returned before if it holds."""


@dataclass(frozen=True)
class Guard:
    """When a statement is reached."""

    holds: tuple[Condition, ...] = ()
    fails: tuple[Condition, ...] = ()
    caught: tuple[str, ...] = ()
    """Exceptions to which the statement responds."""
    is_known: bool = True
    """Whether the conditions are all there are; False after or inside what is not understood."""

    @property
    def is_always(self) -> bool:
        """Return whether nothing guards the statement."""
        return self.is_known and not (self.holds or self.fails or self.caught)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return all conditions."""
        return (*self.holds, *self.fails)


@dataclass(frozen=True)
class Failure:
    """A statement that raises an exception, returns an error or panics."""

    name: str
    """Name of the exception; `Err`, `panic!` or `error` in languages without exceptions."""
    guard: Guard
    message: str | None = None
    """The literal text that it carries, with placeholders as written."""


class ValueKind(StrEnum):
    """Kind of a returned value."""

    LITERAL = "literal"
    """A literal, a named constant, or the value that stands for nothing."""
    SELF = "self"
    PARAMETER = "parameter"
    INSTANCE = "instance"
    """A new object; the text is its type."""
    TEST = "test"
    """A comparison."""
    GROUP = "group"
    """Several named values."""
    FUNCTION = "function"
    """A function; the text is its parameters."""
    KEYS = "keys"
    """A literal with keys; the text is the keys."""
    OTHER = "other"


@dataclass(frozen=True)
class Result:
    """A value that a function returns."""

    kind: ValueKind
    code: str
    guard: Guard
    is_clear: bool = False
    """Whether it says something to a reader who does not know the function's local variables."""
    called: str = ""
    """The function that gives the value, if that is one call of what such a reader knows."""


@dataclass(frozen=True)
class Members:
    """The attributes, fields and methods of a parameter that are used; methods with parentheses."""

    names: tuple[str, ...] = ()
    is_whole: bool = False
    """True if the body uses the parameter in no other way and sets no part of it."""
    has_others: bool = False
    """True if there are other members, which the body sets."""


@dataclass(frozen=True)
class ParameterFacts:
    """The uses of a parameter in a body."""

    choices: tuple[str, ...] = ()
    """The literals outside which it is refused."""
    fallback: str | None = None
    """The value used in place of a missing argument."""
    missing: str = ""
    """The value that counts as missing; empty for all that are false."""
    passed_to: str | None = None
    """The only use: as an argument of this function."""
    passed_when: Guard = field(default_factory=Guard)
    receivers: tuple[str, ...] = ()
    """Of several uses, the functions to which it is passed in any case."""
    called_with: str | None = None
    """The arguments of the only call of it."""
    n_uses: int = 0
    members: Members = field(default_factory=Members)
    is_unused: bool = False
    comment: str | None = None
    """The author's comment about it at the end of a line."""


@dataclass(frozen=True)
class Value:
    """One of the values that a function of Lua returns."""

    name: str
    """The variable that holds it on every path; empty if there is none."""
    type: str
    """`any` if it is not known."""


class Act(StrEnum):
    """The effect of a statement."""

    RETURN = "return"
    CALL = "call"
    SET = "set"


@dataclass(frozen=True)
class Statement:
    """A statement of a body that has few."""

    act: Act
    code: str
    is_test: bool = False


@dataclass(frozen=True)
class Effect:
    """A statement that sets a place outside the function, or calls something for its effect.

    Of an assignment whose value says nothing, the code is the place alone.
    """

    statement: Statement
    guard: Guard
    each: Condition | None = None
    """The loop in which it takes place for each element; it has no code."""


@dataclass(frozen=True)
class Facts:
    """Everything that is known about one function."""

    failures: tuple[Failure, ...] = ()
    results: tuple[Result, ...] = ()
    parameters: Mapping[str, ParameterFacts] = field(default_factory=lambda: MappingProxyType({}))
    comment: str | None = None
    """The first sentence of a comment that opens the body."""
    statements: tuple[Statement, ...] = ()
    """All statements of a body of a few simple ones; empty for any other."""
    effects: tuple[Effect, ...] = ()
    places: tuple[str, ...] = ()
    """The places outside the function that it sets, each as often as that is written."""
    calls: int = 0
    """Number of statements that call something for its effect, told or not."""
    values: tuple[Value, ...] = ()
    """The values that a function of Lua returns together."""
    skipped: Condition | None = None
    """When the function does nothing, if all of its body is under one test."""
