"""The word that is being typed."""

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
