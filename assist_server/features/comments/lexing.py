"""A program as a lexer of Pygments reads it."""

from functools import cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, _TokenType

from assist_server.syntax.definition import Span

Lexed = list[tuple[_TokenType, str]]

_PROGRAM = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
"""Kinds of comments, by their names, that programs are made of."""


def read_lexed(lexer: str, text: str, comment: Span) -> Lexed | None:
    """Return the kinds and characters of a text without white space, and without a comment in it.

    Returns:
        Runs of characters of one kind; None if something within `comment` is none.
    """
    runs: list[tuple[_TokenType, list[str]]] = []
    for start, kind, value in _load(lexer).get_tokens_unprocessed(text + "\n"):
        first = min(max(comment.start - start, 0), len(value))
        last = min(max(comment.end - start, first), len(value))
        inside, outside = value[first:last].strip(), value[:first] + value[last:]
        if inside and not _is_comment(kind):
            return None
        if piece := "".join(outside.split()):
            if runs and runs[-1][0] is kind:
                runs[-1][1].append(piece)
            else:
                runs.append((kind, [piece]))
    return [(kind, "".join(pieces)) for kind, pieces in runs]


def _is_comment(kind: _TokenType) -> bool:
    return kind[:1] == Comment and kind not in _PROGRAM


@cache
def _load(name: str) -> Lexer:
    return get_lexer_by_name(name)
