"""Programs as other grammars read them than the ones that the product goes by."""

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment
from tree_sitter_language_pack import get_parser


def read_by_grammar(grammar, text):
    """The leaves of a program without comments, and the number of places that cannot be read."""
    waiting = [get_parser(grammar).parse(text.replace("\r\n", "\n").encode()).root_node]
    leaves, errors = [], 0
    while waiting:
        node = waiting.pop()
        errors += node.is_error or node.is_missing
        is_markup = node.type == "html_block" and node.text.lstrip().startswith(b"<!--")
        if "comment" in node.type.lower() or is_markup:
            continue
        if node.children:
            waiting += reversed(node.children)
        elif said := node.text.decode().strip():
            leaves.append((node.type, said))
    return leaves, errors


def read_by_lexer(lexer, text):
    """The words of a program without comments and white space."""
    tokens = get_lexer_by_name(lexer).get_tokens(text)
    return [value.strip() for kind, value in tokens if kind not in Comment and value.strip()]
