"""Words in names: splitting and full forms."""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[^\W\dA-Z_]+\d*|\d+|[^\W_]+")
_FULL_FORMS = {
    "idx": "index", "num": "number", "cfg": "configuration", "config": "configuration",
    "ctx": "context", "msg": "message", "buf": "buffer", "cb": "callback", "fn": "function",
    "func": "function", "param": "parameter", "params": "parameters", "args": "arguments",
    "kwargs": "keyword arguments", "dir": "directory", "src": "source", "dst": "destination",
    "dest": "destination", "tmp": "temporary value", "val": "value", "vals": "values",
    "str": "string", "len": "length", "err": "error", "req": "request", "res": "result",
    "resp": "response", "attr": "attribute", "attrs": "attributes", "elem": "element",
    "conn": "connection", "db": "database", "pos": "position", "prev": "previous",
    "cur": "current", "curr": "current", "info": "information", "spec": "specification",
    "env": "environment", "obj": "object", "cls": "class", "opts": "options", "opt": "option",
    "ptr": "pointer", "addr": "address", "doc": "document", "docs": "documents",
    "url": "URL", "uri": "URI", "json": "JSON", "xml": "XML", "html": "HTML", "http": "HTTP",
    "id": "identifier", "ids": "identifiers", "io": "I/O", "cpu": "CPU", "gpu": "GPU",
    "csv": "CSV", "sql": "SQL", "utf8": "UTF-8", "ascii": "ASCII", "api": "API", "ip": "IP",
}  # fmt: skip


def split_name(name: str) -> list[str]:
    """Return the words of an identifier, in lower case except acronyms."""
    words = _WORD.findall(name)
    return [
        word if len(word) > 1 and word.isupper() and len(words) > 1 else word.lower()
        for word in words
    ]


def spell_out(words: list[str]) -> str:
    """Return words as prose, with common abbreviations in full."""
    return " ".join(_FULL_FORMS.get(word.lower(), word) for word in words)
