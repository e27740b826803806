"""Parsers of several languages that ignore comments.

Each function returns a value that is equal for equal programs, and raises ValueError for an
invalid text.
"""

import ast
import tomllib
import warnings
from html.parser import HTMLParser
from typing import Any
from xml.parsers import expat

import yaml
from markdown_it import MarkdownIt

_YAML_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)
_VERBATIM = frozenset(
    [
        "script",
        "style",
        "pre",
        "textarea",
        "title",
        "xmp",
        "iframe",
        "noembed",
        "noframes",
        "noscript",
        "plaintext",
        "listing",
    ]
)
"""Elements of HTML in which a comment is text, or is shown."""


def read_python(text: str) -> object:
    """Parse a Python module, ignoring positions."""
    try:
        with warnings.catch_warnings():  # warnings about escapes in the user's strings
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(text.encode("utf-8", "replace")))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(type(error).__name__) from error


def read_toml(text: str) -> object:
    """Parse a TOML document; the order of keys counts."""
    return repr(tomllib.loads(text))


def read_yaml(text: str) -> object:
    """Return the events in a stream of YAML documents."""
    try:
        return [
            (
                type(event).__name__,
                *(getattr(event, name, None) for name in ("anchor", "tag", "value")),
            )
            for event in yaml.parse(text, _YAML_LOADER)
        ]
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(type(error).__name__) from error


def read_xml(text: str) -> object:
    """Return the elements and the text of XML, ignoring blank text between elements."""
    found: list[object] = []
    pieces: list[str] = []

    def end_text() -> None:
        if "".join(pieces).strip():
            found.append("".join(pieces))
        pieces.clear()

    def record(*what: object) -> None:
        end_text()
        found.append(what)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.CharacterDataHandler = pieces.append
    parser.StartElementHandler = record
    parser.EndElementHandler = record
    parser.ProcessingInstructionHandler = record
    parser.StartDoctypeDeclHandler = record
    # Entities are not expanded: in some documents they would grow without bound.
    parser.DefaultHandler = lambda data: pieces.append(data) if data.startswith("&") else None
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return found


def read_html(text: str) -> object:
    """Return the elements and the words of HTML, as a browser shows them."""
    reader = _HtmlReader()
    reader.feed(text)
    reader.close()
    return [" ".join(part.split()) if isinstance(part, str) else part for part in reader.found]


class _HtmlReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[object] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))
        if tag in _VERBATIM:
            self._within.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((tag,))
        if tag in self._within:
            self._within = self._within[: self._within.index(tag)]

    def handle_data(self, data: str) -> None:
        if self._within[-1:] in (["script"], ["style"]):
            return  # the lexer compares programs
        if self._within:
            self.found.append((data,))
        elif data.strip():
            self._append_words(data)

    def _append_words(self, data: str) -> None:
        if self.found and isinstance(self.found[-1], str):
            self.found[-1] += data
        else:
            self.found.append(data)

    def handle_comment(self, data: str) -> None:
        if self._within:
            self.found.append((data,))

    def handle_entityref(self, name: str) -> None:
        self._append_words(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._append_words(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.found.append((decl,))

    def unknown_decl(self, data: str) -> None:
        self.found.append((data,))


def read_markdown(text: str) -> object:
    """Return the blocks of Markdown and their content."""
    tokens = MarkdownIt("commonmark").enable("table").disable("inline").parse(text)
    return [
        (one.type, one.tag, one.content, one.markup, one.info, one.hidden)
        for one in tokens
        if not (
            one.type == "html_block"
            and one.content.startswith("<!--")
            and one.content.strip().endswith("-->")
        )
    ]
