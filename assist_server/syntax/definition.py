"""What a piece of documentation can be about, in the terms that all languages share."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is defined."""

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
    """How arguments reach a parameter; languages without such rules only have `REGULAR` ones."""

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
    """Without stars or dots; `...` where C and Lua give no other name; made up where it is taken
    apart on the spot (`{a, b}` in JavaScript)."""
    annotation: str | None = None
    default: str | None = None
    kind: ParameterKind = ParameterKind.REGULAR
    parts: tuple[str, ...] = ()
    """The names that a parameter is taken apart into."""
    is_optional: bool = False
    """Whether a call may leave it out."""

    @property
    def stars(self) -> str:
        """Python's marks of the parameters that collect arguments."""
        marks = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
        return marks.get(self.kind, "")


@dataclass(frozen=True)
class Definition:
    """A function, a class or the like, with all that its documentation has to mention."""

    kind: Kind
    name: str
    span: Span
    header: Span
    """From the first decorator, annotation or `export` up to the body (Python: past the colon)."""
    keyword: int
    """Where the definition proper begins, behind decorators and other wrappers."""
    body: Span | None = None
    parameters: tuple[Parameter, ...] = ()
    """All but the receiver."""
    receiver: str | None = None
    returns: str | None = None
    """The return annotation as it is written."""
    returns_value: bool = False
    is_generator: bool = False
    is_async: bool = False
    is_property: bool = False
    raises: tuple[str, ...] = ()
    """Names of exceptions that the definition itself raises or declares, each once."""
    parent: str | None = None
    """Name of the class or the like that a method belongs to."""
    has_one_line_body: bool = False
    """Python: whether the body stands behind the colon on the same line."""
    documentation: Span | None = None
    """The docstring, or the documentation comment above."""
    comment_place: int = 0
    """Where a new comment begins: before orders to tools, which act on the line below them."""
    attributes: tuple[Parameter, ...] = ()
    """Python: the annotated public names of a class."""

    @property
    def is_callable(self) -> bool:
        """Whether it is called: functions, methods, constructors."""
        return self.kind in {Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR}
