"""Proof that an edit only adds a comment: parsers of the language find the same program as before.

Every parser that accepts the text before must give the same result after, without the added text:
the grammar, or a lexer where there is none, and the language's own parser if the standard library
or a dependency has one.
"""

from collections.abc import Callable
from functools import cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, _TokenType

from assist_server.context.snapshot import Snapshot
from assist_server.features.comments.parsing import (
    read_html,
    read_markdown,
    read_python,
    read_toml,
    read_xml,
    read_yaml,
)
from assist_server.syntax.comment_marks import CommentMarks
from assist_server.syntax.definition import Span
from assist_server.syntax.languages import Language
from assist_server.syntax.parser import SyntaxTree, count_errors
from assist_server.syntax.tree_walk import code_tokens
from assist_server.text.edits import TextEdit

_Lexed = list[tuple[_TokenType, str]]

_PROGRAM = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
"""Tokens that are comments by name, but part of the program."""

_Reader = Callable[[str], object]
"""Parses a text without its comments; raises ValueError for an invalid text."""

_PARSERS: dict[str, _Reader] = {
    "Python": read_python,
    "TOML": read_toml,
    "YAML": read_yaml,
    "HTML": read_html,
    "Vue": read_html,
    "Svelte": read_html,
    "XML": read_xml,
    "Markdown": read_markdown,
}


def _read_lexed(lexer: str, text: str, comment: Span) -> _Lexed | None:
    """Return the tokens of a text without white space and without one comment.

    Returns:
        Runs of characters of one kind; None if something within `comment` is not a comment.
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


def is_only_comment(snapshot: Snapshot, marks: CommentMarks, edit: TextEdit) -> bool:
    """Return whether an edit inserts a comment and nothing else."""
    before, added = snapshot.text[: edit.start], edit.new_text
    after = snapshot.text[edit.end :]
    old, new = before + after, before + added + after
    if snapshot.language.grammar is not None:
        if not _keeps_tree(old, new, snapshot.language):
            return False
    elif marks.name != "Markdown" and not _keeps_lexed(before, added, after, marks):
        return False
    read = _PARSERS.get(marks.name)
    return read is None or _keeps(read, old, new)


def _keeps(read: _Reader, old: str, new: str) -> bool:
    try:
        expected = read(old)
    except ValueError:
        return True  # there is nothing to compare
    try:
        return read(new) == expected
    except ValueError:
        return False


def _keeps_tree(old: str, new: str, language: Language) -> bool:
    trees = SyntaxTree(old, language), SyntaxTree(new, language)
    errors = [count_errors(tree) for tree in trees]
    tokens = [code_tokens(tree, Span(0, len(tree.text))) for tree in trees]
    return errors[1] <= errors[0] and tokens[0] == tokens[1]


def _keeps_lexed(before: str, added: str, after: str, marks: CommentMarks) -> bool:
    expected = _read_lexed(marks.lexer, before + after, Span(0, 0))
    start = len(before)
    return _read_lexed(marks.lexer, before + added + after, Span(start, start + len(added))) == (
        expected
    )
