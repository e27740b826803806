"""Cut the incomplete end of a text whose generation was stopped at an arbitrary token."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import open_before, scan
from assist_server.postprocess.candidate import Candidate, with_text
from assist_server.syntax.languages import PLAIN_TEXT

_MAY_GO_ON = re.compile(
    r"""(?: (?<!\w)\.?\d(?:[eEpP][+-]|[\w.'])*            # a number: 0x1F, 1'000, 1.5e-
          | (?:[@#$]+|(?<=[&<])')?(?:\w|[^\x00-\x7f])+    # a name: total, @property, &'static
          | \w*(?:""|'')                                # an empty string or a long one's quotes
          | [^\w\s()\[\]{},;"'`]+                       # an operator
        )\Z""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"\S+\Z")
_STRING_PREFIX = re.compile(r"\w+\Z")


def cut_unfinished(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Keep the complete lines, or the complete part of a single one.

    A name, number or operator at the very end may continue, and an open string does. In a comment,
    as in prose, all words but the last are complete.
    """
    text = candidate.text
    lines_end = max(text.rfind("\n"), text.rfind("\r")) + 1
    if text[:lines_end].strip():
        return with_text(candidate, text[:lines_end])
    kept = _complete_part(text, context)
    return candidate if kept == text else with_text(candidate, kept.rstrip(" \t"))


def _complete_part(line: str, context: CursorContext) -> str:
    language = context.snapshot.language
    if language is PLAIN_TEXT:
        return _LAST_WORD.sub("", line)
    found = scan(line, language, open_before(context) or ())
    mark, start = (found.still_open[-1], found.opened_at[-1]) if found.still_open else ("", 0)
    if mark in {"", "(", "[", "{"}:
        return _MAY_GO_ON.sub("", line)
    words = _LAST_WORD.sub("", line)
    if start is None:  # the cursor is in the string or comment
        return words
    is_comment = mark in {language.line_comment, "/*", "--[["}
    if is_comment and words[start + len(mark) :].strip():
        return words
    return _STRING_PREFIX.sub("", line[:start])
