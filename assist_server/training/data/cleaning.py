"""Rejection of unsuitable files: copies of other projects, generated code, data."""

import re
from pathlib import PurePosixPath

from assist_server.training.data.documents import Document
from assist_server.training.data.split import HELD_OUT, family_of

_LEAST_CHARS, _MOST_CHARS = 120, 400_000
_MOST_LINE_CHARS, _MOST_MEAN_LINE_CHARS = 1_000, 100
_MOST_WORD_CHARS = 400
_LEAST_LETTERS, _MOST_DIGITS = 0.4, 0.2
_HEAD_CHARS = 2_000

_VENDORED = re.compile(
    r"_?vendor(ed|s|ized)?|_?extern(al|als)?|_?third_?party|blib2to3|_?bundled|site-packages"
)
_GENERATED = re.compile(
    r"@generated|(auto[- ]?|automatically |machine[- ])generated"
    r"|(^#.*|\bfile (is|was) )generated (by|from|with)|do not (edit|modify)|don't edit",
    re.IGNORECASE | re.MULTILINE,
)
_GENERATED_NAMES = re.compile(r".*(_pb2|_pb2_grpc|_generated|lextab|yacctab|parsetab)\.py")
_WORD = re.compile(r"\S+")


def rejection_reason(document: Document) -> str | None:
    """Return why a document is rejected, in a word or two; None if it is suitable."""
    origin, text = document.origin, document.text
    if not _LEAST_CHARS <= len(text) <= _MOST_CHARS:
        return "size"
    if is_vendored(origin.distribution, origin.path):
        return "vendored"
    if _GENERATED_NAMES.fullmatch(origin.path) or _GENERATED.search(text, 0, _HEAD_CHARS):
        return "generated"
    return "data" if origin.kind == "code" and _is_data(text) else None


def is_vendored(distribution: str, path: str) -> bool:
    """Return whether a path is in a folder of copies, or named after a held-out family."""
    folders = [part.lower() for part in PurePosixPath(path).parts[:-1]]
    if any(_VENDORED.fullmatch(folder) for folder in folders):
        return True
    own = family_of(distribution)
    names = [*folders, PurePosixPath(path).stem.lower()]
    held_out = {family_of(name.strip("_") or name) for name in names} & HELD_OUT.keys()
    return any(family != own for family in held_out)


def _is_data(text: str) -> bool:
    lines = text.splitlines()
    if max(map(len, lines)) > _MOST_LINE_CHARS or len(text) / len(lines) > _MOST_MEAN_LINE_CHARS:
        return True
    if any(match.end() - match.start() > _MOST_WORD_CHARS for match in _WORD.finditer(text)):
        return True
    dense = "".join(text.split())
    letters = sum(map(str.isalpha, dense)) + dense.count("_")
    digits = sum(map(str.isdigit, dense))
    return letters < _LEAST_LETTERS * len(dense) or digits > _MOST_DIGITS * len(dense)
