"""Definitions that can be documented, in terms shared by all languages."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kind of definition."""

    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    CLASS = "class"
    STRUCT = "struct"
    INTERFACE = "interface"
    TRAIT = "trait"
    ENUM = "enum"
    TYPE = "type"


class ParameterKind(StrEnum):
    """Kind of parameter by the arguments it takes; `REGULAR` in languages without such rules."""

    POSITIONAL_ONLY = "positional_only"
    REGULAR = "regular"
    KEYWORD_ONLY = "keyword_only"
    VAR_POSITIONAL = "var_positional"
    VAR_KEYWORD = "var_keyword"


@dataclass(frozen=True)
class Span:
    """Characters from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Parameter:
    """A parameter, or an attribute of a class."""

    name: str
    """Without stars or dots; `...` where C and Lua give no other name; invented for a pattern
    (`{a, b}` in JavaScript)."""
    annotation: str | None = None
    default: str | None = None
    kind: ParameterKind = ParameterKind.REGULAR
    parts: tuple[str, ...] = ()
    """The names in a parameter that is a pattern."""
    is_optional: bool = False
    """Whether a call may omit it."""

    @property
    def stars(self) -> str:
        """Return Python's marks of a parameter that collects arguments."""
        marks = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
        return marks.get(self.kind, "")


@dataclass(frozen=True)
class Definition:
    """A function, class or the like, with everything that its documentation has to mention."""

    kind: Kind
    name: str
    span: Span
    header: Span
    """From the first decorator, annotation or `export` to the body (Python: to after the colon)."""
    keyword: int
    """Start of the definition itself, after decorators and other wrappers."""
    body: Span | None = None
    parameters: tuple[Parameter, ...] = ()
    """All except the receiver."""
    receiver: str | None = None
    returns: str | None = None
    """The return annotation as written."""
    returns_value: bool = False
    returns_error: bool = False
    """Rust: whether the function can return an error."""
    is_generator: bool = False
    yields_nothing: bool = False
    """Python: whether it yields, but never a value, like most context managers."""
    is_async: bool = False
    is_open: bool = False
    """Java: whether a subclass may override a method."""
    is_property: bool = False
    raises: tuple[str, ...] = ()
    """Names of the exceptions that the definition itself raises or declares, each once."""
    parent: str | None = None
    """Name of the class or the like that a method belongs to."""
    has_one_line_body: bool = False
    """Python: whether the body follows the colon on the same line."""
    documentation: Span | None = None
    """The docstring, or the documentation comment above."""
    comment_place: int = 0
    """Offset for a new comment: before directives, which act on the line below them."""
    attributes: tuple[Parameter, ...] = ()
    """Python: the annotated public names of a class without a description of their own."""

    @property
    def is_callable(self) -> bool:
        """Return whether it is a function, method or constructor."""
        return self.kind in {Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR}
