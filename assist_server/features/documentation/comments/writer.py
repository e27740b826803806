"""Lines of documentation comments in the convention of each language."""

import re
from dataclasses import dataclass, field

from assist_server.features.documentation.layout import Line, Slot, Telling, Title
from assist_server.features.documentation.phrases import PhraseForm, PhraseKind, PhraseRequest
from assist_server.features.documentation.styles import CommentStyle
from assist_server.syntax.definition import Definition, Parameter, ParameterKind
from assist_server.syntax.facts.fact import Value

_SENTENCE = PhraseForm()
_DESCRIPTIVE = PhraseForm(is_imperative=False)
_AFTER_NAME = PhraseForm(is_capitalised=False, is_imperative=False)
_FRAGMENT = PhraseForm(is_capitalised=False, has_full_stop=False)
_SUMMARY_FORMS = {
    "godoc": _AFTER_NAME,
    "rustdoc": _DESCRIPTIVE,
    "javadoc": _DESCRIPTIVE,
    "jsdoc": _DESCRIPTIVE,
    "tsdoc": _DESCRIPTIVE,
}
_PHRASE_FORMS = {"javadoc": _FRAGMENT}
_JS_TYPES = {
    "number": re.compile(r"-?\d+(\.\d+)?"),
    "string": re.compile(r"""(["'`])[^"'`]*\1"""),
    "boolean": re.compile(r"true|false"),
}
_SHORT_DEFAULT = re.compile(r"[\w.-]{1,20}")


@dataclass(frozen=True)
class CommentWriter:
    """Writer of the parts of a definition's documentation comment."""

    definition: Definition
    style: CommentStyle
    indent: str
    margin: str
    """Start of every line inside the comment, with the indentation."""
    telling: Telling = field(default_factory=Telling)

    def lines(self) -> tuple[Line, ...]:
        """Return a whole new comment with empty slots."""
        opening = (f"{self.indent}{self.style.opening}",) if self.style.opening else ()
        closing = (f"{self.indent}{self.style.closing}",) if self.style.closing else ()
        body = self.body()
        blank = (Title(self.blank),) if body and self.style.name != "luals" else ()
        return (*opening, self.summary(), *self._notes(), *blank, *body, *closing)

    def _notes(self) -> tuple[Line, ...]:
        if not self.telling.notes:
            return ()
        request = PhraseRequest(PhraseKind.NOTE, " ".join(self.telling.notes), self.definition)
        blank = () if self.style.name in {"luals", "ldoc"} else (Title(self.blank),)
        return (*blank, Slot(request, self.margin, self.margin))

    @property
    def blank(self) -> str:
        """Return a line with only the margin."""
        return self.margin.rstrip()

    def body(self) -> tuple[Line, ...]:
        """Return the lines below the summary."""
        if self.style.name == "godoc":
            return ()
        if self.style.name == "rustdoc":
            return self._rust_sections()
        parameters = [line for one in self.definition.parameters for line in self.parameter(one)]
        result = () if self.telling.tells_result else self.result()
        return (*parameters, *result, *self.raises(self.definition.raises))

    def parameter(self, parameter: Parameter) -> tuple[Line, ...]:
        """Return the tag of a parameter, and the tags of its parts if it is a pattern."""
        leads = [(parameter.name, self._parameter_lead(parameter))]
        if self.style.name == "jsdoc":
            names = [f"{parameter.name}.{part}" for part in parameter.parts]
            leads += [(name, f"{self._tag('param')}{name} - ") for name in names]
        return tuple(self.slot(PhraseKind.PARAMETER, name, lead) for name, lead in leads)

    def result(self) -> tuple[Line, ...]:
        """Return the tag of the returned or yielded value."""
        definition = self.definition
        if not definition.returns_value and not definition.is_generator:
            return ()
        kind = PhraseKind.YIELDS if definition.is_generator else PhraseKind.RETURNS
        tags = {"jsdoc": "returns", "tsdoc": "returns"}
        tag = self._tag(tags.get(self.style.name, "return"))
        if definition.is_generator and self.style.name == "jsdoc":
            tag = self._tag("yields")
        if not self.telling.values:
            lead = f"{tag}any # " if self.style.name == "luals" else tag
            return (self.slot(kind, definition.returns or "", lead),)
        return tuple(self._value(one, kind, tag) for one in self.telling.values)

    def _value(self, value: Value, kind: PhraseKind, tag: str) -> Line:
        """Return the entry of one of the values that Lua returns; a name says enough."""
        lead = f"{tag}{value.type} " if self.style.name == "luals" else tag
        if value.name == "..." and self.style.name == "luals":
            lead = f"{lead}... "
        elif value.name and len(self.telling.values) > 1:
            return f"{lead}{value.name}"
        mark = "# " if self.style.name == "luals" else ""
        return self.slot(kind, self.definition.returns or "", f"{lead}{mark}")

    def raises(self, names: tuple[str, ...]) -> tuple[Line, ...]:
        """Return the tags of the exceptions."""
        forms = {"jsdoc": "{%s} ", "tsdoc": "{@link %s} "}
        form = forms.get(self.style.name, "%s ")
        return tuple(
            self.slot(PhraseKind.RAISES, name, self._tag("throws") + form % name) for name in names
        )

    def summary(self) -> Slot:
        """Return the slot for the summary."""
        name = f"{self.definition.name} " if self.style.name == "godoc" else ""
        # LDoc begins with three dashes and continues with two.
        margin = f"{self.indent}--- " if self.style.name == "ldoc" else self.margin
        form = _SUMMARY_FORMS.get(self.style.name, _SENTENCE)
        request = PhraseRequest(PhraseKind.SUMMARY, self.definition.name, self.definition, form)
        return Slot(request, f"{margin}{self.style.brief}{name}", self.margin)

    def slot(self, kind: PhraseKind, subject: str, lead: str, hang: str = "  ") -> Slot:
        """Return a slot for a phrase about a part."""
        form = _PHRASE_FORMS.get(self.style.name, _SENTENCE)
        request = PhraseRequest(kind, subject, self.definition, form)
        return Slot(request, lead, self.margin + hang)

    def _tag(self, word: str) -> str:
        margin = self.margin.rstrip() if self.style.name == "luals" else self.margin
        return f"{margin}{self.style.mark}{word} "

    def _parameter_lead(self, parameter: Parameter) -> str:
        tag, name = self._tag("param"), parameter.name
        if self.style.name == "kernel":
            return f"{self.margin}{self.style.mark}{name}: "
        if self.style.name == "luals":
            return f"{tag}{name} any "
        if self.style.name == "jsdoc":
            return f"{tag}{_jsdoc_name(parameter)} - "
        return f"{tag}{name} - " if self.style.name == "tsdoc" else f"{tag}{name} "

    def _rust_sections(self) -> tuple[Line, ...]:
        definition, margin = self.definition, self.margin
        sections: list[tuple[str, list[Slot]]] = []
        items = [
            self.slot(PhraseKind.PARAMETER, one.name, f"{margin}* `{one.name}` - ")
            for one in definition.parameters
        ]
        sections.append(("Arguments", items))
        is_fallible = definition.is_callable and definition.returns_error
        errors = [self.slot(PhraseKind.RAISES, "Err", margin, "")] if is_fallible else []
        sections.append(("Errors", errors))
        panics = [self.slot(PhraseKind.RAISES, name, margin, "") for name in definition.raises]
        sections.append(("Panics", panics))
        lines: list[Line] = []
        for title, slots in sections:
            if slots:
                above = [Title(self.blank)] * bool(lines)
                lines += [*above, Title(f"{margin}# {title}"), Title(self.blank), *slots]
        return tuple(lines)


def _jsdoc_name(parameter: Parameter) -> str:
    """Return a parameter's name with the type of its default, the default, or rest marks."""
    if parameter.kind is ParameterKind.VAR_POSITIONAL:
        return f"{{...*}} {parameter.name}"
    if not parameter.is_optional:
        return parameter.name
    default = parameter.default or ""
    kinds = (f"{{{name}}} " for name, form in _JS_TYPES.items() if form.fullmatch(default))
    shown = f"={default}" if _SHORT_DEFAULT.fullmatch(default) else ""
    return f"{next(kinds, '')}[{parameter.name}{shown}]"
