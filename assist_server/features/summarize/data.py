"""Summaries of JSON, TOML and YAML: the keys at the top, what they hold, and the first error."""

from collections import Counter
from collections.abc import Iterable

from assist_server.context.secrets import is_secret_name
from assist_server.context.selection import Selection
from assist_server.features.summarize.data_readers import Document, Member, Unread, read_data
from assist_server.features.summarize.facts import Fact, Facts, counted, listed, quoted, said

_ARTICLES = {"object": "an object", "array": "an array", "value": "a value"}
_MAX_NAMES = 5
_MAX_LOOKED_AT = 10_000
"""Number of items of an array that are compared."""


def describe_data(selection: Selection, format_name: str) -> Facts:
    """Return the facts of data in a format: JSON, TOML or YAML."""
    document = read_data(selection.text, format_name)
    items = [_fact(selection, member) for member in document.members]
    headline = _headline(document, format_name, selection)
    return Facts(headline, tuple(items), says_news=bool(document.error))


def _headline(document: Document, format_name: str, selection: Selection) -> str:
    if document.error:
        line = selection.line_at(document.error_offset)
        what = f"{format_name} with an error on line {line}: {said(document.error)}"
        known = f"{counted(len(document.members), 'key')} could be read" if document.members else ""
        return f"{what}; {known}." if known else f"{what}."
    cut = "" if document.is_whole else " The rest was not read."
    value = document.value
    if isinstance(value, dict):
        what = f"A {format_name} object with {_keys(value, document)}"
        if format_name != "JSON":
            what = f"A {format_name} document with {_keys(value, document)}"
    elif isinstance(value, list):
        what = f"A {format_name} array of {_items(value)}"
        if format_name == "YAML" and document.documents > 1:
            what = f"{document.documents} YAML documents, the first an array of {_items(value)}"
    else:
        what = f"A {format_name} value: {_described(value, '')}"
    levels = _depth(value)
    deep = f", {levels} levels deep" if levels > 2 else ""
    subject = _subject(value)
    if subject:
        return f"{subject} ({what[0].lower()}{what[1:]}{deep}).{cut}"
    return f"{what}{deep}.{cut}"


def _subject(value: object) -> str:
    """Return the name and the description of what the data is about; empty without them."""
    if not isinstance(value, dict):
        return ""
    inner = (value.get(key) for key in ("project", "package", "info", "metadata"))
    for each in (value, *inner):
        if isinstance(each, dict):
            name = each.get("title") or each.get("name")
            about = each.get("description")
            if isinstance(name, str) and isinstance(about, str) and name and about:
                return f"{quoted(name, 60)}: {said(about.rstrip('.'))}"
    return ""


def _keys(value: dict[str, object], document: Document) -> str:
    documents = f" in the first of {document.documents} documents" if document.documents > 1 else ""
    names = list(value)
    shown = [quoted(name, 40) for name in names[:_MAX_NAMES]]
    left = len(names) - len(shown)
    count = counted(len(names), "key")
    if not names:
        return f"no keys{documents}"
    return f"{count}{documents}: {listed([*shown, f'{left:,} more'] if left > 0 else shown)}"


def _fact(selection: Selection, member: Member) -> Fact:
    line = selection.line_at(member.offset)
    return Fact(quoted(member.name, 60), line, _described(member.value, member.name))


def _described(value: object, name: str) -> str:
    if isinstance(value, dict):
        if not value:
            return "an empty object"
        names = [quoted(str(key), 40) for key in list(value)[:_MAX_NAMES]]
        left = len(value) - len(names)
        shown = listed([*names, f"{left} more"] if left > 0 else names)
        return f"{counted(len(value), 'key')}: {shown}"
    if isinstance(value, list):
        return f"{_items(value, name)}" if value else "an empty array"
    if isinstance(value, Unread):
        return f"{_ARTICLES[value.kind]} that could not be read to its end"
    return "a value that is not shown" if is_secret_name(name) else _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        lines = value.rstrip("\n").count("\n") + 1
        return f"text of {lines} lines" if lines > 2 else quoted(value, 80) if value else '""'
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    return quoted(str(value), 40)


def _items(value: list[object], name: str = "") -> str:
    """Return how many items an array has, and their shape."""
    looked = value[:_MAX_LOOKED_AT]
    kinds = Counter(_kind(item) for item in looked)
    count = counted(len(value), "item")
    [(kind, number), *_] = kinds.most_common(1) or [("item", 0)]
    if number < len(looked):
        return f"{count}: {listed(f'{n:,} {kind}' for kind, n in kinds.most_common())}"
    if kind == "object":
        keys = Counter(str(key) for item in looked if isinstance(item, dict) for key in item)
        shown = [_share(key, n, len(looked)) for key, n in keys.most_common(_MAX_NAMES)]
        left = len(keys) - len(shown)
        if not keys:
            return f"{counted(len(value), 'empty object')}"
        ending = listed([*shown, f"{left} more"] if left > 0 else shown)
        return f"{counted(len(value), 'object')} with {ending}"
    if kind == "text" and not is_secret_name(name):
        shown = [quoted(str(item), 40) for item in looked[:3]]
        left = len(value) - len(shown)
        return f"{count}: {listed([*shown, f'{left:,} more'] if left > 0 else shown)}"
    return f"{counted(len(value), kind)}" if kind != "text" else f"{count} that are not shown"


def _share(key: str, number: int, total: int) -> str:
    return quoted(key, 40) if number == total else f"{quoted(key, 40)} (in {number:,})"


def _kind(value: object) -> str:
    for types, name in (
        (dict, "object"),
        (list, "array"),
        (str, "text"),
        (bool, "boolean"),
        (int | float, "number"),
    ):
        if isinstance(value, types):
            return name
    return "null" if value is None else "value"


def _depth(value: object) -> int:
    """Return how many levels of objects and arrays there are; without recursion."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [inner for one in level for inner in _inner(one)]
    return depth


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
