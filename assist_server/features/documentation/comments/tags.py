"""The tags of an existing documentation comment."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from assist_server.syntax.definition import Span

_MARGIN = r"[\s/*!-]*"
_TAG = re.compile(rf"(?P<margin>{_MARGIN})(?P<mark>[@\\])(?P<word>[a-zA-Z_]\w*|\.\.\.)(?P<rest>.*)")
_NAME = re.compile(
    r"[&*`]*(?:\.\.\.(?=\w))?(?P<name>\.\.\.|[\w$]+(?:\[\])?(?:\.[\w$]+(?:\[\])?)*)`?\??"
)
_RUST_ARGUMENT = re.compile(r"[\s/*!]*[*-] `(?P<name>\w+)`")
_CLOSING = re.compile(r"[\s*]*\*/$")
_PROSE_TAGS = frozenset({"brief", "summary", "description", "desc"})
_PARAMETER_TAGS = frozenset({"param", "arg", "argument", "parameter"})
EXCEPTION_TAGS = frozenset({"throws", "throw", "exception"})
_EXCEPTION = re.compile(r"[@\\]\w+\s+(?:\{(?:@link\s+)?)?(?P<name>\w+)")
# LDoc's tags that begin with a type, or are one.
_TYPED_TAGS = frozenset({"tparam"})
_TYPE_TAGS = frozenset({"string", "number", "int", "bool", "boolean", "func", "tab", "thread"})
# In comments of Linux and GNOME, `@returns:` and these others do not name a parameter.
_KERNEL_TAGS = frozenset({"return", "returns", "since", "deprecated", "see", "note", "todo"})
# Comments with one of these have their parameters described elsewhere.
_DEFERS = re.compile(
    r"[@\\](inherit[dD]oc|copydoc|copydetails|copybrief|override|type|typedef|callback|satisfies)\b"
    r"|\{@inheritDoc\}|/\*.*@overload\b",
    re.DOTALL,
)


@dataclass(frozen=True)
class Tag:
    """A tag and its lines, from `first` to `last`."""

    word: str
    mark: str
    margin: str
    names: tuple[str, ...]
    """Names in a tag about parameters."""
    first: int
    last: int

    @property
    def is_parameter(self) -> bool:
        """Return whether the tag describes a parameter."""
        return bool(self.names) or self.word in _PARAMETER_TAGS

    @property
    def is_kernel(self) -> bool:
        """Return whether the parameter's name is the tag (`@name: description`), as in Linux."""
        return self.names == (self.word,)

    @property
    def is_structure(self) -> bool:
        """Return whether the tag is about a part of the definition, not its summary."""
        return self.word not in _PROSE_TAGS


@dataclass(frozen=True)
class Comment:
    """A documentation comment in the source, as lines."""

    span: Span
    end: int
    """Offset after the last character of its text, before the closing mark."""
    lines: tuple[str, ...]
    line_ends: tuple[int, ...]
    tags: tuple[Tag, ...]

    def end_of(self, line: int) -> int:
        """Return the offset at which a new line can be added below `line`."""
        return min(self.line_ends[line], self.end)


def read_comment(text: str, span: Span, subject: str, known: Collection[str] = ()) -> Comment:
    """Return the comment on `subject` at a place.

    The names of `known` parameters help to recognize unusual tags.
    """
    source = text[span.start : span.end]
    closing = _CLOSING.search(source) if source.startswith("/*") else None
    start, lines, ends = span.start, [], []
    for line in source.split("\n"):
        lines.append(line)
        ends.append(start + len(line))
        start += len(line) + 1
    end = span.start + closing.start() if closing else span.end
    if _is_kernel_doc(lines, subject):
        known = {*known, *_kernel_names(lines)}
    return Comment(span, end, tuple(lines), tuple(ends), _read_tags(lines, known))


def defers(text: str) -> bool:
    """Return whether a comment refers to a description of the parameters elsewhere."""
    return _DEFERS.search(text) is not None


def parameter_names(comment: Comment) -> list[str]:
    """Return the names of the described parameters, without parts of them."""
    tagged = [name for tag in comment.tags if tag.is_parameter for name in tag.names]
    listed = [found["name"] for line in comment.lines if (found := _RUST_ARGUMENT.match(line))]
    return [name for name in (*tagged, *listed) if name == "..." or "." not in name]


def described_exceptions(comment: Comment) -> list[str]:
    """Return the names in the tags about exceptions."""
    heads = [comment.lines[tag.first] for tag in comment.tags if tag.word in EXCEPTION_TAGS]
    found = (_EXCEPTION.search(head) for head in heads)
    return [one["name"] for one in found if one]


def _is_kernel_doc(lines: list[str], subject: str) -> bool:
    """Return whether a comment begins with its subject's name, as in Linux and GNOME."""
    bare = (line.strip(" \t/*!") for line in lines)
    first = next(filter(None, bare), "")
    return re.match(rf"{re.escape(subject)}(\(\))?\s*(:|-\s)", first) is not None


def _kernel_names(lines: list[str]) -> set[str]:
    """Return the names in tags of the form `@name:`, including removed parameters."""
    tags = (found for line in lines if (found := _TAG.match(line)))
    named = {found["word"] for found in tags if found["rest"].startswith(":")}
    return {name for name in named if name.lower() not in _KERNEL_TAGS | _PARAMETER_TAGS}


def _read_tags(lines: list[str], known: Collection[str]) -> tuple[Tag, ...]:
    tags: list[Tag] = []
    for number, line in enumerate(lines):
        found = _TAG.match(line)
        if found is None:
            continue
        last = _last_line(lines, number)
        more = (re.sub(f"^{_MARGIN}", "", text) for text in lines[number + 1 : last + 1])
        names = _names(found["word"], "\n".join([found["rest"], *more]), known)
        tags.append(Tag(found["word"], found["mark"], found["margin"], names, number, last))
    return tuple(tags)


def _names(word: str, rest: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the parameters that a tag names before its description."""
    if rest.startswith(":") and word in known:
        return (word,)
    if word in _PARAMETER_TAGS:
        return _listed(_past_type(rest), known)
    rest = _past_brackets(rest, "[", "]").lstrip()
    if word in _TYPED_TAGS:
        rest = rest.partition(" ")[2].lstrip()
    elif word not in _TYPE_TAGS:
        return ()
    names = _listed(rest, known)
    return names if set(known).issuperset(names) else ()


def _past_type(rest: str) -> str:
    """Return the text after directions (`[in]`) and a type in braces."""
    rest = _past_brackets(rest, "[", "]")
    if rest[:1].isalnum():
        return ""
    rest = _past_brackets(rest.lstrip(), "{", "}").lstrip()
    return rest.removeprefix("[").lstrip()


def _past_brackets(text: str, opening: str, closing: str) -> str:
    """Return the text after brackets at its start; all of it without brackets."""
    if not text.startswith(opening):
        return text
    depth = 0
    for place, character in enumerate(text):
        depth += (character == opening) - (character == closing)
        if not depth:
            return text[place + 1 :]
    return ""


def _listed(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the first name, and those after commas that are parameters."""
    names: list[str] = []
    found = _NAME.match(text)
    while found is not None and (not names or found["name"] in known):
        names.append(found["name"].replace("[]", ""))
        comma = re.compile(r"\s*,\s*").match(text, found.end())
        found = _NAME.match(text, comma.end()) if comma else None
    return tuple(names)


def _last_line(lines: list[str], first: int) -> int:
    """Return the last line of a tag: before the next tag, an empty line or the comment's end."""
    last = first
    for number in range(first + 1, len(lines)):
        if _TAG.match(lines[number]) or not lines[number].strip(" \t/*!-"):
            break
        last = number
    return last
