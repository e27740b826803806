r"""What the preprocessor of C takes for its own, which the grammar does not always see.

Source: C23, 5.1.1.2: first a backslash joins its line with the next, then a comment becomes a
blank, and only then does the line end that is left end a directive. The grammar ends it at a
comment, and reads what follows as if it stood outside.
"""

import re

LANGUAGE_IDS = frozenset({"c", "cpp"})

_ENDS_JOINED = re.compile(r"\\[ \t]*$")
_LONGEST_END = 200
_MAY_BEGIN = re.compile(r"^[ \t]*#|\*/")
_JOINED = r"\\[ \t]*\n"
_PIECE = re.compile(
    rf"""
    (?P<comment>/\*.*?(?:\*/|\Z) | //(?:{_JOINED}|[^\n])*)
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?
    | (?P<joined>{_JOINED})
    """,
    re.VERBOSE | re.DOTALL,
)


def is_in_directive(text: str, offset: int) -> bool:
    """Return whether a place belongs to a directive that begins before it."""
    above, _, own = text[:offset].rpartition("\n")
    if not (_ENDS_JOINED.search(above[-_LONGEST_END:]) or _MAY_BEGIN.search(own)):
        return False  # all of a long text takes a second to be read
    joined = _PIECE.sub(
        lambda found: " " if found["comment"] or found["joined"] else found[0], text[:offset]
    )
    return joined.rpartition("\n")[2].lstrip().startswith("#")
