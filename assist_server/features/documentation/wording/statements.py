"""Statements in words, "set `a` to `b` and call `c()`", and which cases of results to state."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from assist_server.features.documentation.plausibility import stems
from assist_server.syntax.facts.fact import Act, Result, Statement

_PATH = re.compile(
    r"(?:returns? |what )*`&*(?:mut )?((?:[\w$]+(?:\.|::|->))+\w+)(?:\(\))?`(?: returns)?"
)

_RESET = re.compile(r".* = (?:None|nil|null|NULL|nullptr|undefined|\"\"|''|\[\]|\{\})")
_EARLIER = " unless it returns earlier"
_SHARE = 3


def target_of(statement: Statement) -> str:
    """Return the place that a statement sets."""
    return statement.code.partition(" = ")[0]


def is_within(place: str, targets: list[str]) -> bool:
    """Return whether a place is one of several, or a part of one."""
    inner, *wholes = (re.sub(r"^this(?:\.|->)", "", one) for one in (place, *targets))
    return any(re.match(rf"{re.escape(one)}(?![\w$])", inner) for one in wholes)


def is_worth_telling(steps: list[tuple[Statement, str]], total: int) -> bool:
    """Return whether steps say something of all that a function does, not only its cleaning up.

    That a place is set, with no value, says nothing without a condition.
    """
    if all(
        one.act is Act.SET and " = " not in one.code and when in {"", _EARLIER}
        for one, when in steps
    ):
        return False
    is_reset = all(_RESET.fullmatch(one.code) for one, _ in steps)
    is_little = all(one.act is Act.SET for one, _ in steps) and len(steps) * _SHARE < total
    return not (is_little or (is_reset and total > len(steps)))


def done(statement: Statement) -> tuple[str, str]:
    """Return what a statement does, as a verb and its object."""
    if statement.act is Act.SET:
        target, _, value = statement.code.partition(" = ")
        return "set", f"`{target}` to `{value}`" if value else f"`{target}`"
    whether = "whether " if statement.act is Act.RETURN and statement.is_test else ""
    return statement.act.value, f"{whether}`{statement.code}`"


def told_together(statements: list[Statement], *, is_imperative: bool) -> str:
    """Return what statements do, with a verb before the first of each kind."""
    phrases = []
    is_long = False
    for (verb, _), group in groupby(map(done, statements), _kind):
        done_so = [rest for _, rest in group]
        is_long = is_long or len(done_so) > 1
        phrases.append(f"{verb if is_imperative else f'{verb}s'} {joined(done_so, ' and ')}")
    return joined(phrases, ", and " if is_long else " and ")


def _kind(told: tuple[str, str]) -> tuple[str, bool]:
    """Return the verb of what is done, and whether something is set to a value."""
    verb, rest = told
    return verb, " to `" in rest


def without_weaker(steps: list[tuple[Statement, str]]) -> list[tuple[Statement, str]]:
    """Return steps without those that set a place again, with no value, on more conditions."""
    return [
        (one, when)
        for place, (one, when) in enumerate(steps)
        if " = " in one.code
        or one.act is not Act.SET
        or not any(one == other and when.startswith(earlier) for other, earlier in steps[:place])
    ]


def with_otherwise(steps: list[tuple[Statement, str]]) -> list[tuple[Statement, str]]:
    """Return steps with "otherwise" after one "if not A", for what depends on A.

    Where more is tested, it is "otherwise, if B" instead of "if B, unless A".
    """
    told, earlier, condition = [], "", ""
    for statement, when in steps:
        if when != earlier:
            condition = earlier.removeprefix(" if ") if earlier.startswith(" if ") else ""
        ending = f", unless {condition}"
        is_other = condition and when.startswith(" if ") and when.endswith(ending)
        opposites = (when.replace(" if `", "`!", 1), when.removeprefix(" unless "))
        is_rest = bool(condition) and condition in opposites
        words = f" otherwise,{when.removesuffix(ending)}" if is_other else when
        told.append((statement, " otherwise" if is_rest else words))
        earlier = when
    return told


def listing(phrases: list[str]) -> str | None:
    """Return phrases as one: "A, B and C", with a comma where one has a condition or an "and"."""
    is_complex = any(
        re.search(r" (?:if|unless|on|and|otherwise,) | otherwise$", one) for one in phrases
    )
    return joined(phrases, ", and " if is_complex else " and ") or None


def joined(phrases: Sequence[str], before_last: str) -> str:
    """Return phrases with commas between them, and other words before the last one."""
    *most, last = phrases or [""]
    return f"{', '.join(most)}{before_last}{last}" if most else last


def is_kept_argument(statement: Statement) -> bool:
    """Return whether a statement only stores an argument under its own name."""
    target, _, value = statement.code.partition(" = ")
    name = re.split(r"\W", target)[-1].strip("_")
    return statement.act is Act.SET and name == value.strip("_")


def is_named_path(phrase: str, name: str) -> bool:
    """Return whether a phrase tells that what a function is named after is returned."""
    path = re.fullmatch(
        r"(?:returns? |what )*`&*(?:mut )?((?:[\w$]+(?:\.|::|->))+\w+)(?:\(\))?`.*", phrase
    )
    own = re.sub(r"^(?:get|is|has)(?=[A-Z_])|_", "", name).lower()
    if path is None or not own:
        return False
    parts = re.split(r"\W+", path[1].replace("_", "").lower())
    is_place = re.fullmatch(r"self\.\d+", path[1]) is not None
    is_attribute = path[1].count(".") == 1 and "(" not in phrase
    if is_attribute and stems(path[1].partition(".")[2]) & stems(name):
        return True
    return is_place or any("".join(parts[first:]) == own for first in range(len(parts)))


def length(phrase: tuple[Statement, str]) -> int:
    """Return the number of characters of what a statement does, with its condition."""
    statement, when = phrase
    return sum(map(len, done(statement))) + len(when) + len(", and ")


def result_of(code: str) -> str | None:
    """Return what the only statement of a body returns."""
    called = re.match(r"(?:await )?([\w.$:]+)\(", code)
    is_call = called is not None and code.endswith(")") and code.count("(") == code.count(")")
    inner = code[called.end() : -1] if called else ""
    if called and is_call and ")" not in inner.replace("()", ""):
        return f"what `{called[1]}` returns"
    return f"`{code}`" if "`" not in code else None


def is_left_by_others(result: Result, results: tuple[Result, ...]) -> bool:
    """Return whether the loop around a return has others, with other values."""
    loops = {one.collection for one in result.guard.holds if one.element}
    return any(
        other.code != result.code and loops & {one.collection for one in other.guard.holds}
        for other in results
    )


def without_repeats(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Return results that do not mention conditions under which the same was returned before."""
    said = {
        (one.kind, one.code, one.guard.holds[0])
        for one in results
        if one.guard.is_known and len(one.guard.conditions) == 1 and one.guard.holds
    }
    return tuple(
        replace(one, guard=replace(one.guard, fails=kept))
        for one in results
        for kept in [
            tuple(each for each in one.guard.fails if (one.kind, one.code, each) not in said)
        ]
    )
