"""Phrases of documentation made from names and types, without a model."""

import re

from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest, finish
from assist_server.features.documentation.words import (
    is_verb,
    spell_out,
    split_name,
    third_person,
    unit_of,
    with_article,
)
from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind

_PREDICATES = frozenset({"is", "has", "can", "should", "was"})
_FIRST_WORDS = {
    **{word: f"return whether it {word} {{}}" for word in _PREDICATES},
    "to": "convert to {}",
    "as": "convert to {}",
    "into": "convert to {}",
    "from": "create an instance from {}",
    "on": "handle the {} event",
    "new": "create a new {}",
}
# First words of functions that return the thing named after them.
_GETTERS = frozenset({"get", "fetch", "read", "load", "find", "make", "create", "build"})
_WITHOUT_ARTICLE = frozenset({
    "all", "and", "any", "as", "at", "by", "each", "every", "for", "from", "if", "in", "into",
    "of", "on", "or", "to", "up", "down", "with",
})  # fmt: skip
_VAGUE_TYPES = frozenset({"any", "self", "string", "object", "none"})
_SYNONYMS = {"get": "return", "init": "initialize", "lookup": "look up", "setup": "set up"}
_CONDITIONS = {
    "ValueError": "if a value is not valid",
    "TypeError": "if an argument has the wrong type",
    "KeyError": "if a key is missing",
    "IndexError": "if an index is out of range",
    "AttributeError": "if an attribute is missing",
    "FileNotFoundError": "if a file does not exist",
    "PermissionError": "if access is denied",
    "OSError": "if the operating system reports a failure",
    "IOError": "if reading or writing fails",
    "IOException": "if reading or writing fails",
    "TimeoutError": "if it takes too long",
    "RuntimeError": "if the operation cannot be carried out",
    "Error": "if the operation fails",
    "Exception": "if the operation fails",
    "NotImplementedError": "if a subclass does not implement it",
    "StopIteration": "if there are no more items",
    "AssertionError": "if an expectation does not hold",
    "ImportError": "if a module cannot be imported",
    "IllegalArgumentException": "if an argument is not valid",
    "IllegalStateException": "if the object is not in a state for this",
    "NullPointerException": "if a required value is null",
    "RangeError": "if a value is out of range",
    "SyntaxError": "if the input is malformed",
    "out_of_range": "if a value is out of range",
    "invalid_argument": "if an argument is not valid",
    "runtime_error": "if the operation cannot be carried out",
    "logic_error": "if an expectation does not hold",
    "panic!": "panics if the input cannot be handled",
    "Err": "returns an error if the operation fails",
}
_SPECIAL_METHODS = {
    "__str__": "return a readable string",
    "__repr__": "return a string for debugging",
    "__len__": "return the number of items",
    "__iter__": "return an iterator over the items",
    "__next__": "return the next item",
    "__eq__": "return whether both are equal",
    "__ne__": "return whether both differ",
    "__lt__": "return whether this comes before the other",
    "__le__": "return whether this does not come after the other",
    "__gt__": "return whether this comes after the other",
    "__ge__": "return whether this does not come before the other",
    "__hash__": "return the hash value",
    "__bool__": "return the truth value",
    "__call__": "call the object",
    "__contains__": "return whether the item is contained",
    "__getitem__": "return the item at a key",
    "__setitem__": "set the item at a key",
    "__delitem__": "delete the item at a key",
    "__getattr__": "return an attribute",
    "__enter__": "enter the context",
    "__exit__": "leave the context",
    "__del__": "release what the object holds",
    "main": "run the program",
}
_TYPE_NAME = re.compile(r"[\w.]+")


def name_phrase(request: PhraseRequest) -> str:
    """Return the phrase made from names and types, in the form of the convention."""
    writers = {
        PhraseKind.SUMMARY: _summary,
        PhraseKind.PARAMETER: _parameter,
        PhraseKind.ATTRIBUTE: _parameter,
        PhraseKind.RETURNS: _returns,
        PhraseKind.YIELDS: _yields,
        PhraseKind.RAISES: _raises,
    }
    return finish(writers[request.kind](request), request.form)


def _summary(request: PhraseRequest) -> str:
    definition, words = request.definition, split_name(request.definition.name)
    if not definition.is_callable:
        return _class_summary(request, words)
    if definition.kind is Kind.CONSTRUCTOR:
        owner = spell_out(split_name(definition.parent or "")) or "object"
        phrase = f"create {with_article(owner)}"
    elif definition.is_property:
        return f"the {spell_out(words) or 'value'}"
    else:
        phrase = _SPECIAL_METHODS.get(definition.name) or _action(definition, words)
    if request.form.is_imperative:
        return phrase
    words = phrase.split()
    return " ".join(
        third_person(word) if before is None or (before == "and" and is_verb(word)) else word
        for before, word in zip([None, *words], words, strict=False)
    )


def _class_summary(request: PhraseRequest, words: list[str]) -> str:
    definition = request.definition
    noun = spell_out(words) or definition.kind.value
    phrase = with_article(noun)
    phrase = phrase if request.form.is_capitalised else f"is {phrase}"
    return phrase if len(words) > 1 else f"{phrase} {definition.kind.value}"


def _action(definition: Definition, words: list[str]) -> str:
    """Return what a function does as an imperative: "parse the header"."""
    if definition.name.startswith("~"):
        return "release what the object holds"
    if definition.name.startswith("operator") and not definition.name.isidentifier():
        return "apply the operator"
    if not words:
        return "carry out the operation"
    first, rest = words[0], spell_out(words[1:])
    if first in _FIRST_WORDS and rest:
        return _FIRST_WORDS[first].format(rest)
    if is_verb(first):
        return f"{_SYNONYMS.get(first, first)} {_object(definition, first, rest)}".rstrip()
    order = "return" if definition.returns_value else "handle"
    order = "yield" if definition.is_generator else order
    return f"{order} {_with_the(spell_out(words))}"


def _object(definition: Definition, verb: str, named: str) -> str:
    """Return the object of a verb: from its name, else its parameters, else its class; or empty."""
    if named:
        return _with_the(named)
    names = [one.name for one in definition.parameters if not one.stars and one.name != "..."]
    long = [name for name in names if len(name) > 1]
    nouns = split_name(long[0]) if long else []
    if not nouns and names:
        given = "the given value" + "s" * (len(names) > 1)
        return "the result" if verb in _GETTERS else given
    nouns = nouns or split_name(definition.parent or "")
    return f"the {spell_out(nouns)}" if nouns else ""


def _with_the(noun: str) -> str:
    return noun if noun.partition(" ")[0] in _WITHOUT_ARTICLE else f"the {noun}"


def _parameter(request: PhraseRequest) -> str:
    definition = request.definition
    known = {one.name: one for one in (*definition.parameters, *definition.attributes)}
    parameter = known.get(request.subject, Parameter(request.subject.rpartition(".")[2]))
    words = split_name(parameter.name)
    if parameter.name == "..." or parameter.kind is ParameterKind.VAR_POSITIONAL:
        return "further arguments" if not words else f"further {spell_out(words)}"
    if parameter.kind is ParameterKind.VAR_KEYWORD:
        return "further keyword arguments"
    if _is_boolean(parameter):
        return _condition(words)
    if len(words) == 1 and len(words[0]) == 1:
        return f"the value of {parameter.name}"
    unit = unit_of(words)
    if unit:
        return f"the {spell_out(words[:-1])} in {unit}"
    return f"the {spell_out(words) or 'value'}"


def _is_boolean(parameter: Parameter) -> bool:
    is_flag = parameter.default in {"True", "False", "true", "false"}
    return is_flag or parameter.annotation in {"bool", "boolean"}


def _condition(words: list[str]) -> str:
    if words and words[0] in _PREDICATES and len(words) > 1:
        return f"whether it {spell_out(words)}"
    if words and is_verb(words[0]):
        return f"whether to {spell_out(words)}"
    return f"whether {spell_out(words) or 'it'} applies"


def _returns(request: PhraseRequest) -> str:
    definition, words = request.definition, split_name(request.definition.name)
    if words and words[0] in _PREDICATES and len(words) > 1:
        return f"whether it {spell_out(words)}"
    if definition.returns in {"bool", "boolean"}:
        return "whether it succeeded"
    annotation = (definition.returns or "").strip("'\" &*")
    name = annotation.rpartition(".")[2].rpartition(":")[2]
    is_class = _TYPE_NAME.fullmatch(annotation) and name[:1].isupper() and len(name) > 1
    if is_class and name.lower() not in _VAGUE_TYPES:
        return f"the {spell_out(split_name(name))}"
    nouns = words[1:] if words and words[0] in _GETTERS else words
    if (
        nouns
        and not is_verb(nouns[0])
        and not {nouns[0]} & (_FIRST_WORDS.keys() | _WITHOUT_ARTICLE)
    ):
        return f"the {spell_out(nouns)}"
    return "the result"


def _yields(request: PhraseRequest) -> str:
    words = split_name(request.definition.name)
    nouns = words[1:] if words and (is_verb(words[0]) or words[0] == "iter") else words
    is_named = nouns and nouns[0] not in _WITHOUT_ARTICLE
    return f"the next of the {spell_out(nouns)}" if is_named else "the next item"


def _raises(request: PhraseRequest) -> str:
    name = request.subject.rpartition(".")[2].rpartition(":")[2]
    if name in _CONDITIONS:
        return _CONDITIONS[name]
    words = split_name(re.sub(r"(Error|Exception|Warning)$", "", name))
    if not words:
        return "if the operation fails"
    return f"if there is a problem with {spell_out(words)}"
