"""Readers of JSON, TOML and YAML that take hostile and broken text, and say where an error is."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from assist_server.text.lines import LineIndex

_MAX_CHARS = {"JSON": 4_000_000, "TOML": 200_000, "YAML": 200_000}
"""More of a text is not read: its values would take several times its memory."""

_MAX_DEPTH = 200
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
_MEMBER = re.compile(r'"(?:[^"\\\n]|\\.){0,200}"\s*:')
_BLANKS = re.compile(r"\s*")
_TOML_LINE = re.compile(
    r"""^[ \t]*(?:\[{1,2}[ \t]*(?P<table>[\w-]+|"[^"\n]*"|'[^'\n]*')
    |(?P<key>[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*(?:\.[^=\n]{0,200})?=)""",
    re.MULTILINE | re.VERBOSE,
)
_TOML_KEY = re.compile(r"#?[\w\"' \t.-]+")
"""What may be a key of many parts, or is a comment or a part of a text."""
_TOO_DEEP = "it is nested too deeply to be read"


@dataclass(frozen=True)
class Unread:
    """A value with an error in it, or too long to be read."""

    kind: str


@dataclass(frozen=True)
class Member:
    """A key at the top and its value."""

    name: str
    value: object
    offset: int
    """Place of the key in the text."""


@dataclass
class Document:
    """The part of a text that could be read."""

    value: object = None
    members: list[Member] = field(default_factory=list)
    error: str = ""
    """The first error in words; empty if there is none."""
    error_offset: int = 0
    is_whole: bool = True
    """Whether all of the text was read."""
    documents: int = 1
    """YAML and JSON lines: the number of documents."""


def read_data(text: str, format_name: str) -> Document:
    """Return what can be read of data in a format: JSON, TOML or YAML."""
    most = _MAX_CHARS[format_name]
    part = text if len(text) <= most else text[: text.rfind("\n", 0, most) + 1 or most]
    document = {"JSON": _read_json, "TOML": _read_toml, "YAML": _read_yaml}[format_name](part)
    if len(part) < len(text):
        document.is_whole = False
        if document.error and document.error_offset >= len(part) - 1 - (len(part) // 2):
            document.error = ""  # the cut is the error
    return document


# JSON


def _read_json(text: str) -> Document:
    if re.search(r"//|/\*|,\s*[}\]]", text[:100_000]):
        text = _COMMENT.sub(_blanked, text)
    document = Document()
    at = _skip(text, 1 if text.startswith("\ufeff") else 0)
    try:
        if text[at : at + 1] == "{":
            end = _read_members(text, at + 1, document)
        elif _MEMBER.match(text, at):  # the selection begins within an object
            end = _read_members(text, at, document)
        else:
            document.value, end = json.JSONDecoder().raw_decode(text, at)
        rest = _skip(text, end)
        if rest < len(text):
            _read_lines(text, rest, document)
    except json.JSONDecodeError as error:
        document.error, document.error_offset = _lower(error.msg), min(error.pos, len(text))
    except (RecursionError, ValueError):  # an integer of too many digits
        document.error, document.error_offset = _TOO_DEEP, at
    return document


def _blanked(found: re.Match[str]) -> str:
    """Return blanks for a comment or the last comma, so that places stay the same."""
    text = found[0]
    return text if text[0] == '"' else re.sub(r"[^\n]", " ", text)


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _read_members(text: str, at: int, document: Document) -> int:
    """Read the members one by one, so that those before an error are known; return the end."""
    decoder = json.JSONDecoder()
    values: dict[str, object] = {}
    document.value = values
    is_inside = text[:at].strip("\ufeff \t\n") == ""
    at = _skip(text, at)
    while text[at : at + 1] != "}" and not (is_inside and at == len(text)):
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting a key in double quotes", text, at)
        start = at
        name, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
        at = _skip(text, at + 1)
        try:
            values[name], at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            values[name] = Unread({"{": "object", "[": "array"}.get(text[at : at + 1], "value"))
            document.members.append(Member(name, values[name], start))
            raise
        document.members.append(Member(name, values[name], start))
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "}" and not (is_inside and at == len(text)):
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    return at + 1


def _read_lines(text: str, at: int, document: Document) -> None:
    """Read further values, as in JSON lines; the document is the array of all."""
    decoder, values = json.JSONDecoder(), [document.value]
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at = _skip(text, at)
    document.value, document.members, document.documents = values, [], len(values)


def _lower(message: str) -> str:
    return f"{message[:1].lower()}{message[1:]}"


# TOML


def parse_toml(text: str) -> dict[str, Any]:
    """Return the value of a text in TOML.

    Raises:
        ValueError: the text is not valid.
        RecursionError: it is nested too deeply; a key of thousands of parts takes seconds.
    """
    keys = (found[0] for found in _TOML_KEY.finditer(text))
    if any(key.count(".") > _MAX_DEPTH and key[0] != "#" for key in keys):
        raise RecursionError
    return tomllib.loads(text)


def _read_toml(text: str) -> Document:
    document = Document()
    try:
        document.value = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r"\(at line (\d+), column (\d+)\)", message)
        document.error = _lower(message.partition(" (at")[0])
        document.error_offset = _offset(text, int(found[1]) - 1) if found else len(text)
        document.value = _toml_until(text, document.error_offset)
    except (RecursionError, ValueError):
        document.error = _TOO_DEEP
    value = document.value if isinstance(document.value, dict) else {}
    places = dict(_toml_places(text))
    document.members = [Member(key, each, places.get(key, 0)) for key, each in value.items()]
    return document


def _toml_until(text: str, offset: int) -> object:
    """Return what the lines above an error hold, without the unfinished one; {} if unknown."""
    for end in (offset, text.rfind("\n[", 0, offset) + 1):
        try:
            return parse_toml(text[:end])
        except (tomllib.TOMLDecodeError, RecursionError, ValueError):
            continue
    return {}


def _toml_places(text: str) -> Iterator[tuple[str, int]]:
    """Yield the keys at the top and their places, last occurrence first."""
    found: dict[str, int] = {}
    is_at_top = True
    for line in _TOML_LINE.finditer(text):
        name = (line["table"] or line["key"]).strip("\"'")
        if line["table"]:
            is_at_top = False
        if line["table"] or is_at_top:
            found.setdefault(name, line.end() - len(line[0].lstrip()))
    yield from found.items()


def _offset(text: str, line: int) -> int:
    """Return the offset of a line, counted from 0."""
    lines = LineIndex(text)
    return lines.start_of(line) if line < lines.line_count else len(text)


# YAML


def _read_yaml(text: str) -> Document:
    """Read the events, of which aliases are one each; no value is built from its alias."""
    document, reader = Document(documents=0), _YamlReader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.error = error.problem or "it cannot be read"
        document.error_offset = min(mark.index, len(text)) if mark else 0
        if mark:
            document.error_offset = min(_offset(text, mark.line), len(text))
    except yaml.YAMLError as error:  # a character that YAML does not allow
        document.error = str(error).partition("\n")[0]
        document.error_offset = min(getattr(error, "position", 0), len(text))
    except _TooDeepError:
        document.error, document.error_offset = _TOO_DEEP, reader.line_offset(text)
    document.documents, document.value = reader.documents, reader.root
    if isinstance(reader.root, dict):
        lines = LineIndex(text)
        last = lines.line_count - 1
        document.members = [
            Member(key, value, lines.start_of(min(reader.lines.get(key, 0), last)))
            for key, value in reader.root.items()
        ]
    return document


class _TooDeepError(Exception):
    pass


class _YamlReader:
    """Values made of events, to a limited depth."""

    def __init__(self) -> None:
        self.root: object = None
        self.lines: dict[str, int] = {}
        """Lines of the keys at the top, from 0."""
        self.documents = 0
        self._line = 0
        self._stack: list[Any] = []
        self._keys: list[str | None] = []

    def line_offset(self, text: str) -> int:
        """Return the offset of the line of the last event."""
        return _offset(text, self._line)

    def take(self, event: yaml.Event) -> None:
        """Add the value of an event to the value that is open."""
        self._line = event.start_mark.line if event.start_mark else self._line
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
            self._keys.pop()
        elif isinstance(event, yaml.ScalarEvent):
            self._add(_scalar(event))
        elif isinstance(event, yaml.AliasEvent):
            self._add(f"*{event.anchor}")

    def _open(self, value: Any) -> None:
        if len(self._stack) >= _MAX_DEPTH:
            raise _TooDeepError
        self._add(value)
        self._stack.append(value)
        self._keys.append(None)

    def _add(self, value: Any) -> None:
        if not self._stack:
            self.root = value if self.documents <= 1 else self.root
            return
        holder = self._stack[-1]
        if isinstance(holder, list):
            holder.append(value)
        elif self._keys[-1] is None:
            key = "?" if isinstance(value, dict | list) else str(value)
            self._keys[-1] = key
            if len(self._stack) == 1 and self.documents <= 1:
                self.lines.setdefault(key, self._line)
        else:
            holder[self._keys[-1]] = value
            self._keys[-1] = None


_YAML_NUMBER = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,18})?")


def _scalar(event: yaml.ScalarEvent) -> object:
    """Return the value of a plain scalar: number, boolean, nothing, or text."""
    value = event.value
    if event.style is not None:
        return value
    if value in {"", "~", "null", "Null", "NULL"}:
        return None
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if _YAML_NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
