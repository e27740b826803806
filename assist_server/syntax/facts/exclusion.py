"""Conditions that cannot hold together, so that one says all."""

import re

_EQUALITY = re.compile(
    r"(?P<left>(?:type\(\w+\)|[\w.$\[\]])+) ?={2,3} ?"
    r"(?P<right>-?\d[\w.]*|(?:\w+\.)*[A-Z]\w*|\"[^\"]*\"|'[^']*')"
)
"""A place, which is the same at each look, and a literal or a constant by its name."""

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
    if first is None or second is None:
        return False
    return first["left"] == second["left"] and first["right"] != second["right"]
