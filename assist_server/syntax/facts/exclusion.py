"""Conditions that cannot hold together, so that one says all."""

import re

_EQUALITY = re.compile(r"(?P<left>[\w.$()\[\]]+) ?={2,3} ?(?P<right>-?[\w.]+|\"[^\"]*\"|'[^']*')")


_TRUE_OF_TYPE = re.compile(
    r"type\((?P<lua>\w+)\) == [\"'](?!nil|boolean)\w+[\"']"
    r"|typeof (?P<script>\w+) ===? [\"'](?:function|symbol)[\"']|(?P<class>\w+) instanceof \w+"
)


def excludes(one: str, other: str) -> bool:
    """Return whether the second condition cannot hold with the first one.

    They compare the same thing with different constants, or a thing with a type is missing.
    """
    typed = _TRUE_OF_TYPE.fullmatch(one)
    if typed is not None:
        name = re.escape(typed["lua"] or typed["script"] or typed["class"])
        nothing = "nil|null|undefined"
        if re.fullmatch(rf"(?:not |!){name}|{name} ===? (?:{nothing})", other):
            return True
    first, second = _EQUALITY.fullmatch(one), _EQUALITY.fullmatch(other)
    return bool(first and second and first["left"] == second["left"])
