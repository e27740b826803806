"""The identifier at the cursor, and the text before it that may be half a token."""

_LONGEST_CHARS = 64
"""Longer runs of letters and digits are data, not names."""


def healing_start(line_prefix: str) -> int:
    """Return the length of the identifier at the end of `line_prefix`, in characters.

    Letters, digits and underscores are those of Unicode identifiers (UAX 31). A number is not an
    identifier.
    """
    chars = 0
    for character in reversed(line_prefix[-_LONGEST_CHARS - 1 :]):
        if not f"a{character}".isidentifier():
            break
        chars += 1
    is_name = line_prefix[len(line_prefix) - chars :].isidentifier()
    return chars if is_name and chars <= _LONGEST_CHARS else 0


def text_to_heal(line_prefix: str) -> str:
    """Return the end of `line_prefix` in which the last token may be incomplete.

    This is the identifier at the end, or else the last character: a blank usually begins the token
    of the next word, and a bracket may be one token with the text after it. Indentation is never
    part of it, as it is complete wherever the cursor is.
    """
    if not line_prefix.strip():
        return ""
    return line_prefix[-(healing_start(line_prefix) or 1) :]
