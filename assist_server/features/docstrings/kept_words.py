"""The rule above all others: an edit of documentation takes no word of a person away.

It is checked on the text itself. Nothing here knows of sections, tags or conventions, so that what
misreads a convention cannot also excuse the loss.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from assist_server.text.edits import TextEdit, apply_edits

# Quotes are left out: a docstring that grows over several lines needs three of them.
_TOKEN = re.compile(r"\w+|[^\w\s\"'\\]")
_WORD = re.compile(r"\w+")


def keeps_words(text: str, edits: Sequence[TextEdit], pruned: Collection[str] = ()) -> bool:
    """Return whether all words stay, in their order, but for entries about `pruned` names."""
    kept = [edit for edit in edits if not _is_pruning(text, edit, pruned)]
    if not kept:
        return True
    start, end = min(edit.start for edit in kept), max(edit.end for edit in kept)
    start, end = text.rfind("\n", 0, start) + 1, _line_end(text, end)
    inside = [edit for edit in kept if start <= edit.start and edit.end <= end]
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in inside]
    after = iter(_TOKEN.findall(apply_edits(text[start:end], moved)))
    said = "\n".join(line for line in text[start:end].split("\n") if _WORD.search(line))
    return all(_comes(token, after) for token in _TOKEN.findall(said))


def _comes(wanted: str, tokens: Iterator[str]) -> bool:
    return any(token == wanted for token in tokens)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _is_pruning(text: str, edit: TextEdit, pruned: Collection[str]) -> bool:
    """Return whether an edit removes entries about names that may go, or gives one a new name."""
    removed = text[edit.start : edit.end]
    if removed in pruned:
        return _WORD.fullmatch(edit.new_text) is not None
    lines = [line for line in removed.expandtabs().split("\n") if line.strip(_MARKS)]
    if lines and _TITLE.fullmatch(lines[0].strip()):  # of a section that is left empty
        lines = [line for line in lines[1:] if line.strip().strip("-=~")]
    if edit.new_text or not lines:
        return False
    column = min(map(_column, lines))
    heads = [line for line in lines if _column(line) == column]
    is_tag = heads[0].lstrip(_MARKS)[:1] in {"@", "\\"}  # goes on where it pleases, tags aside
    if is_tag:
        heads = [line for line in lines if line.lstrip(_MARKS)[:1] in {"@", "\\"}]
    return all(_names_one(line, pruned) for line in heads)


_MARKS = " \t/*!#-"
_TITLE = re.compile(r"\w+( \w+)?:?")
_HEAD_WORDS = 8


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _names_one(line: str, pruned: Collection[str]) -> bool:
    """Return whether one of the names stands at a line's beginning, tag and type left aside."""
    return not set(pruned).isdisjoint(re.findall(r"[\w$]+", line)[:_HEAD_WORDS])
