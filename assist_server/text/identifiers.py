"""The word that is being typed, and what of a text may be half a token."""

_LONGEST_CHARS = 64
"""Longer runs of letters and digits are data, not names."""


def healing_start(line_prefix: str) -> int:
    """How many characters of an identifier stand directly before the end of a line's beginning.

    Letters, digits and underscores count as Unicode defines them for identifiers (UAX 31). A number
    is no identifier.
    """
    chars = 0
    for character in reversed(line_prefix[-_LONGEST_CHARS - 1 :]):
        if not f"a{character}".isidentifier():
            break
        chars += 1
    is_name = line_prefix[len(line_prefix) - chars :].isidentifier()
    return chars if is_name and chars <= _LONGEST_CHARS else 0


def text_to_heal(line_prefix: str) -> str:
    """The end of a line's beginning in which its last token may not be finished.

    The identifier that is being typed, or else the last character: a blank is usually the beginning
    of the next word's token, and a bracket may be one with what follows. Indentation stays, as it
    is finished wherever the cursor is.
    """
    if not line_prefix.strip():
        return ""
    return line_prefix[-(healing_start(line_prefix) or 1) :]
