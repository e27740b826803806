"""The lines of a Python docstring, in each of the conventions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from assist_server.features.documentation.layout import Line, Slot
from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.documentation.styles import PythonStyle
from assist_server.syntax.definition import Definition, Parameter

_LITERALS = {
    "bool": re.compile(r"True|False"),
    "int": re.compile(r"-?\d+"),
    "float": re.compile(r"-?\d+\.\d*"),
    "str": re.compile(r"""(["']).*\1""", re.DOTALL),
}
_YIELDED = re.compile(r"(?:\w+\.)*(?:Async)?(?:Iterator|Iterable|Generator)\[\s*([\w.]+)\s*[\],]")


@dataclass(frozen=True)
class DocstringWriter:
    """Writes the parts of one definition's docstring."""

    definition: Definition
    style: PythonStyle
    margin: str
    """The indentation of the docstring."""
    unit: str
    """One more level of indentation."""

    def lines(self) -> tuple[Line, ...]:
        """A whole new docstring, its phrases still to be written."""
        quotes, body = self.style.quotes, self.body()
        if not body and not self.style.opens_with_newline:
            return (self._summary(f"{self.margin}{quotes}", quotes),)
        opening: list[Line] = [self._summary(f"{self.margin}{quotes}")]
        if self.style.opens_with_newline:
            opening = [f"{self.margin}{quotes}", self._summary(self.margin)]
        return (*opening, *body, f"{self.margin}{quotes}")

    def body(self) -> tuple[Line, ...]:
        """All sections, each with a blank line before it where the convention has one."""
        sections = [
            self.parameters(self.definition.parameters),
            self.attributes(),
            self.result(),
            self.raises(self.definition.raises),
        ]
        written = [section for section in sections if section]
        if self.style.name in {"sphinx", "epytext"}:
            return ("", *(line for section in written for line in section)) if written else ()
        return tuple(line for section in written for line in ("", *section))

    def parameters(self, parameters: tuple[Parameter, ...]) -> tuple[Line, ...]:
        """The section of the parameters; empty where there are none."""
        return self._section("Parameters", "Args", [self.parameter(one) for one in parameters])

    def parameter(self, parameter: Parameter) -> tuple[Line, ...]:
        """The entry of one parameter."""
        return self._item(parameter, PhraseKind.PARAMETER, "param")

    def attributes(self) -> tuple[Line, ...]:
        """The section of a class's attributes."""
        items = [
            self._item(one, PhraseKind.ATTRIBUTE, "ivar") for one in self.definition.attributes
        ]
        return self._section("Attributes", "Attributes", items)

    def result(self) -> tuple[Line, ...]:
        """What is returned or yielded; nothing for properties, which read as attributes."""
        definition = self.definition
        if definition.is_generator:
            found = _YIELDED.fullmatch(definition.returns or "")
            return self._result("Yields", "yields", found[1] if found else None)
        if definition.returns_value and not definition.is_property:
            return self._result("Returns", self.style.returns_tag, definition.returns)
        return ()

    def raises(self, names: tuple[str, ...]) -> tuple[Line, ...]:
        """The section of the exceptions."""
        return self._section("Raises", "Raises", [self._raised(name) for name in names])

    def _summary(self, lead: str, tail: str = "") -> Slot:
        request = self._request(PhraseKind.SUMMARY, self.definition.name)
        return Slot(request, lead, self.margin, tail)

    def _request(self, kind: PhraseKind, subject: str) -> PhraseRequest:
        return PhraseRequest(kind, subject, self.definition)

    def _section(self, numpy: str, google: str, items: list[tuple[Line, ...]]) -> tuple[Line, ...]:
        if not items or self.style.name == "plain":
            return ()
        titles: dict[str, tuple[str, ...]] = {
            "numpy": (f"{self.margin}{numpy}", f"{self.margin}{'-' * len(numpy)}"),
            "google": (f"{self.margin}{google}:",),
        }
        return (*titles.get(self.style.name, ()), *(line for item in items for line in item))

    def _item(self, parameter: Parameter, kind: PhraseKind, tag: str) -> tuple[Line, ...]:
        slot = partial(Slot, self._request(kind, parameter.name))
        written = self._type(parameter.annotation, parameter.default)
        starred = f"{parameter.stars}{parameter.name}"
        if self.style.name == "numpy":
            notes = [written, "optional" if parameter.is_optional and written else None]
            shown = ", ".join(note for note in notes if note)
            head = f"{self.margin}{starred} : {shown}" if shown else f"{self.margin}{starred}"
            return (head, slot(self.margin + self.unit, self.margin + self.unit))
        if self.style.name == "google":
            head = f"{self.margin}{self.unit}{starred}"
            head += f" ({written}): " if written else ": "
            return (slot(head, self.margin + self.unit * 2),)
        return self._field(
            slot, f"{tag} {parameter.name}", written and f"type {parameter.name}", written
        )

    def _field(
        self, slot: Callable[[str, str], Slot], tag: str, type_tag: str | None, written: str | None
    ) -> tuple[Line, ...]:
        """A field of reST or epytext, and the one for its type."""
        start, hang = ":" if self.style.name == "sphinx" else "@", self.margin + self.unit
        field = slot(f"{self.margin}{start}{tag}: ", hang)
        return (field, f"{self.margin}{start}{type_tag}: {written}") if type_tag else (field,)

    def _result(self, title: str, tag: str, annotation: str | None) -> tuple[Line, ...]:
        kind = PhraseKind.YIELDS if title == "Yields" else PhraseKind.RETURNS
        slot = partial(Slot, self._request(kind, annotation or ""))
        inner, written = self.margin + self.unit, self._type(annotation, None)
        if self.style.name == "numpy":
            # The convention has no place for a description without a type.
            shown = self._printable(annotation) or "object"
            return self._section(title, title, [(f"{self.margin}{shown}", slot(inner, inner))])
        if self.style.name == "google":
            lead = f"{inner}{written}: " if written else inner
            return self._section(title, title, [(slot(lead, inner),)])
        if self.style.name == "plain":
            return ()
        tag = tag.removesuffix("s") if self.style.name == "epytext" else tag
        return self._field(slot, tag, written and "rtype", written)

    def _raised(self, name: str) -> tuple[Line, ...]:
        slot = partial(Slot, self._request(PhraseKind.RAISES, name))
        inner = self.margin + self.unit
        if self.style.name == "numpy":
            return (f"{self.margin}{name}", slot(inner, inner))
        if self.style.name == "google":
            return (slot(f"{inner}{name}: ", inner + self.unit),)
        return self._field(
            slot, f"{'raises' if self.style.name == 'sphinx' else 'raise'} {name}", None, None
        )

    def _type(self, annotation: str | None, default: str | None) -> str | None:
        """The type to show, as annotated or else as the default value tells."""
        if not self.style.shows_type(is_annotated=annotation is not None):
            return None
        if annotation is not None:
            return self._printable(annotation)
        shows_guess = self.style.is_typed or self.style.name == "numpy"
        guesses = (name for name, form in _LITERALS.items() if form.fullmatch(default or ""))
        return next(guesses, None) if shows_guess else None

    def _printable(self, annotation: str | None) -> str | None:
        """An annotation on one line; None if it would not survive inside a docstring."""
        flat = " ".join((annotation or "").split())
        is_safe = flat.isprintable() and not re.search(r"\\|\"\"|''|#|: ", flat)
        return flat if flat and is_safe else None
