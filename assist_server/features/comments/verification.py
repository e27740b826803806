"""Proof that an edit only adds a comment: readers of the language find the same program as before.

Every reader that can read the text before has to find the same after, with the added text left
out: the grammar where there is one, else a lexer; and the language's own parser where the standard
library or a dependency has it.
"""

from collections.abc import Callable

from assist_server.context.snapshot import Snapshot
from assist_server.features.comments.lexing import read_lexed
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
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tokens import code_tokens, count_errors
from assist_server.text.edits import TextEdit

Reader = Callable[[str], object]
"""Reads what a text says apart from its comments; raises ValueError where it cannot be read."""

_PARSERS: dict[str, Reader] = {
    "Python": read_python,
    "TOML": read_toml,
    "YAML": read_yaml,
    "HTML": read_html,
    "Vue": read_html,
    "Svelte": read_html,
    "XML": read_xml,
    "Markdown": read_markdown,
}


def is_only_comment(snapshot: Snapshot, marks: CommentMarks, edit: TextEdit) -> bool:
    """Tell whether an edit inserts a comment and nothing else."""
    before, added = snapshot.text[: edit.start], edit.new_text
    behind = snapshot.text[edit.end :]
    old, new = before + behind, before + added + behind
    if snapshot.language.grammar is not None:
        if not _keeps_tree(old, new, snapshot.language):
            return False
    elif marks.name != "Markdown" and not _keeps_lexed(before, added, behind, marks):
        return False
    read = _PARSERS.get(marks.name)
    return read is None or _keeps(read, old, new)


def _keeps(read: Reader, old: str, new: str) -> bool:
    try:
        expected = read(old)
    except ValueError:
        return True  # nothing that could be compared
    try:
        return read(new) == expected
    except ValueError:
        return False


def _keeps_tree(old: str, new: str, language: Language) -> bool:
    trees = SyntaxTree(old, language), SyntaxTree(new, language)
    errors = [count_errors(tree) for tree in trees]
    tokens = [code_tokens(tree, Span(0, len(tree.text))) for tree in trees]
    return errors[1] <= errors[0] and tokens[0] == tokens[1]


def _keeps_lexed(before: str, added: str, behind: str, marks: CommentMarks) -> bool:
    expected = read_lexed(marks.lexer, before + behind, Span(0, 0))
    start = len(before)
    return read_lexed(marks.lexer, before + added + behind, Span(start, start + len(added))) == (
        expected
    )
