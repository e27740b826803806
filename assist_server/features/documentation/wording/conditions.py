"""Conditions in words: "if `size` is negative", or quoted where no words are known."""

import re
from dataclasses import replace

from assist_server.features.documentation.wording.statements import joined
from assist_server.syntax.facts.fact import Condition, Guard
from assist_server.syntax.facts.source import SCRIPTS, called_in

_SUBJECT = r"[\w.$:]+(?:\([^()]*\))?(?:\[\w+\])?(?:(?:->|\.)\w+)*"
_NOTHING = r"None|null|nil|NULL|nullptr|undefined"
_LITERAL = r"(?:-?\d[\w.]*|\"[^\"]*\"|'[^']*')"
_PLAIN = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"let (?:error|Err\(.*?\)) = (.+)", "`{0}` fails"),
        (r"let (.+?) = (.+)", "`{1}` is `{0}`"),
        (rf"({_SUBJECT}) is of type (.+)", "`{0}` is of type `{1}`"),
        (rf"({_SUBJECT}) is not of type (.+)", "`{0}` is not of type `{1}`"),
        (rf"({_SUBJECT}) < 0", "`{0}` is negative"),
        (rf"({_SUBJECT}) <= 0", "`{0}` is not positive"),
        (rf"({_SUBJECT}) (?:is|===?) ({_NOTHING})", "`{0}` is `{1}`"),
        (rf"({_SUBJECT}) (?:is not|!==?|~=) ({_NOTHING})", "`{0}` is not `{1}`"),
        (rf"({_SUBJECT}) ===? (?:\"\"|'')", "`{0}` is empty"),
        (rf"(?:len\(|#)({_SUBJECT})\)? == 0", "`{0}` is empty"),
        (rf"({_SUBJECT})\.(?:len\(\)|length|size\(\)|length\(\)) ===? 0", "`{0}` is empty"),
        (rf"({_SUBJECT})\.(?:isEmpty|is_empty|empty)\(\)", "`{0}` is empty"),
        (rf"not isinstance\(({_SUBJECT}), (.+)\)", "`{0}` is not an instance of `{1}`"),
        (rf"isinstance\(({_SUBJECT}), (.+)\)", "`{0}` is an instance of `{1}`"),
        (rf"typeof ({_SUBJECT}) !==? ['\"](\w+)['\"]", "`{0}` is not of type `{1}`"),
        (rf"typeof ({_SUBJECT}) ===? ['\"](\w+)['\"]", "`{0}` is of type `{1}`"),
        (rf"!\(({_SUBJECT}) instanceof ({_SUBJECT})\)", "`{0}` is not an instance of `{1}`"),
        (rf"({_SUBJECT}) instanceof ({_SUBJECT})", "`{0}` is an instance of `{1}`"),
        (rf"({_SUBJECT}) not in [(\[{{]({_LITERAL}(?:, {_LITERAL})*),?[)\]}}]",
         "`{0}` is not one of `{1}`"),
        (rf"({_SUBJECT}) not in ({_SUBJECT})", "`{0}` is not in `{1}`"),
        (rf"({_SUBJECT}) in ({_SUBJECT})", "`{0}` is in `{1}`"),
    )
)  # fmt: skip
_LOOSE = re.compile(r" [!=]= (?:null|undefined)$")
"""True of null and undefined alike, in JavaScript."""
_NOT_ONE_OF = re.compile(r"(`[^`]*`) is not one of ((?:`[^`]*`(?:, )?)+)")
_IS_NOT = re.compile(r"(`[^`]*`) is not ((?:an instance of |of type |in )?`[^`]*`)")
_NOT_PLAIN = re.compile(rf"`(?:!|not )({_SUBJECT})`")
_UNEQUAL = re.compile(r"([^&|]+?) (!==?|~=) ([^&|=<>?]+)")
_EQUAL = re.compile(r"([^&|=<>!~?]+) (={2,3}) ([^&|=<>?]+)")
_EQUALS = {"!=": "==", "!==": "===", "~=": "=="}
_NOT_NAME = re.compile(rf"(?:!|not )({_SUBJECT})")
_TRUTH_IS_BOOLEAN = frozenset({"java", "go", "rust"})
_OPERATORS = {" or ": " or ", " || ": " or ", " and ": " and ", " && ": " and "}
_OPERATOR = re.compile(r" (?:or|\|\||and|&&) ")
_LONGEST_CODE = 60
_LONGEST = 140
_LONGEST_TOGETHER = 180
_MOST_CASES = 3
_PAIR = 2


def guard_in_words(guard: Guard, language: str, empties: frozenset[str]) -> str | None:
    """Return when something happens, beginning with `if`, `unless`, `on` or `always`.

    None if that is not known or too long to say. `empties` are the names of parameters that are
    false only when they are empty.
    """
    if not guard.is_known:
        return None
    if guard.is_always:
        return "always"
    guard = _without_double_negatives(guard)
    holds = [_clause(one, language, empties) for one in guard.holds]
    fails = [_clause(one, language, empties) for one in guard.fails]
    if None in holds or None in fails or len(holds) > 2 or len(fails) > (1 if holds else 2):
        return None
    parts = []
    if holds:
        parts.append(f"if {_joined(holds, ' and ')}")
    elif guard.caught:
        parts.append("on " + " or ".join(f"`{name}`" for name in guard.caught))
    if not parts and (positive := _positive(guard, fails, language)):
        parts.append(positive)
    elif fails:
        parts.append(f"unless {_joined(fails, ' or ')}")
    words = ", ".join(parts)
    is_ambiguous = (len(holds) > 1 or len(fails) > 1) and (" or " in words) == (" and " in words)
    return None if len(words) > _LONGEST or is_ambiguous else words


def _without_double_negatives(guard: Guard) -> Guard:
    """Return a guard with one `not a` among two conditions that fails as `a` that holds."""
    negated = [one for one in guard.fails if not one.element and _NOT_NAME.fullmatch(one.code)]
    if len(guard.conditions) != _PAIR or len(negated) != 1 or guard.caught:
        return guard
    name = _NOT_NAME.fullmatch(negated[0].code)
    holds = (replace(negated[0], code=name[1]),) if name else ()
    fails = tuple(one for one in guard.fails if one not in negated)
    return replace(guard, holds=(*holds, *guard.holds), fails=fails)


def any_of(cases: list[str], *, needs_all: bool = False) -> str | None:
    """Return several conditions as one: "if A or B"; only as many as fit, or None.

    Several with "unless" are left out: "unless A, or unless B" says that either suffices.
    """
    if sum("unless" in one for one in cases) > 1:
        if needs_all:
            return None
        cases = [one for one in cases if "unless" not in one]
    kept: list[str] = []
    for case in cases[:_MOST_CASES]:
        if sum(map(len, kept)) + len(case) < _LONGEST_TOGETHER:
            kept.append(case)
    if not kept or (needs_all and kept != cases):
        return None
    word = kept[0].partition(" ")[0]
    is_alike = all(one.startswith(f"{word} ") for one in kept)
    has_messages = any(one.endswith("`)") for one in kept)
    is_in_order = word == "if" and is_alike and not any(" for some " in one for one in kept)
    if len(kept) > 1 and has_messages and is_in_order:
        return ", or otherwise ".join(kept)  # of two messages, the first is given
    is_complex = any(", unless" in one or " and " in one for one in kept)
    if len(kept) > 1 and word == "if" and is_alike and not is_complex:
        rest = [one.removeprefix("if ") for one in kept]
        return f"if {joined(rest, ' or ')}"
    return ", or ".join(kept)


def _positive(guard: Guard, fails: list[str | None], language: str) -> str | None:
    """Return "if X" for "unless not X", "if X != Y" for "unless X == Y", and the like."""
    if len(guard.fails) != 1 or guard.fails[0].element or fails[0] is None:
        return None
    equal = _UNEQUAL.fullmatch(guard.fails[0].code)
    if equal is not None and fails[0] == f"`{equal[0]}`":
        return f"if `{equal[1]} {_EQUALS[equal[2]]} {equal[3]}`"
    unequal = _EQUAL.fullmatch(guard.fails[0].code)
    if unequal is not None and fails[0] == f"`{unequal[0]}`":
        mark = "~=" if language == "lua" else unequal[2].replace("=", "!", 1)
        return f"if `{unequal[1]} {mark} {unequal[3]}`"
    plain, other = _NOT_PLAIN.fullmatch(fails[0]), _IS_NOT.fullmatch(fails[0])
    if plain is not None:
        return f"if `{plain[1]}`"
    if other is not None:
        return f"if {other[1]} is {other[2]}"
    only = _NOT_ONE_OF.fullmatch(fails[0])
    return f"if {only[1]} is one of {only[2]}" if only else None


def is_plain(words: str) -> bool:
    """Return whether conditions are in words, not quoted."""
    return re.search(r"(?:if|unless|and|or) `[^`]*`(?: (?:and|or) |,|$)", words) is None


def _joined(clauses: list[str | None], word: str) -> str:
    return word.join(clause for clause in clauses if clause)


def _clause(condition: Condition, language: str, empties: frozenset[str]) -> str | None:
    words = _in_words(condition.code, language, empties)
    if words is None or not condition.element:
        return words
    one = one_of(condition)
    return f"{words} for some {one}" if one else None


def one_of(condition: Condition) -> str | None:
    """Return the variable of the loop around a condition, with what it goes through."""
    element, collection = condition.element, condition.collection
    if not element or len(collection) > _LONGEST_CODE or "`" in collection:
        return None
    return f"`{element}` {'with' if condition.is_range else 'in'} `{collection}`"


def _in_words(code: str, language: str, empties: frozenset[str]) -> str | None:
    parts, operators = _split(code)
    if 1 < len(parts) <= 3 and len(set(operators)) == 1:
        words = [_one(part, language, empties) for part in parts]
        is_long = len(code) > _LONGEST_CODE
        if all(
            one and (is_long or not one.startswith(f"`{part}`"))
            for one, part in zip(words, parts, strict=True)
        ):
            return _OPERATORS[operators[0]].join(one for one in words if one)
    return _one(code, language, empties)


def _one(code: str, language: str, empties: frozenset[str]) -> str | None:
    if len(code) > _LONGEST_CODE or "`" in code or not code:
        _, attempt, call = code.partition("let error = ")
        called = called_in(call) if attempt else None
        return f"`{called}` fails" if called and len(called) <= _LONGEST_CODE else None
    if language in SCRIPTS and _LOOSE.search(code):
        return f"`{code}`"
    for form, words in _PLAIN:
        if found := form.fullmatch(code):
            return words.format(*(_listed(one) for one in found.groups()))
    if negated := _NOT_NAME.fullmatch(code):
        name = negated[1]
        if name in empties:
            return f"`{name}` is empty"
        if language in _TRUTH_IS_BOOLEAN:
            return f"`{name}` is false"
    return f"`{code}`"


def _listed(code: str) -> str:
    """Return several literals each with marks of its own."""
    if re.fullmatch(rf"{_LITERAL}(?:, {_LITERAL})+", code):
        return "`, `".join(re.findall(_LITERAL, code))
    return code


def _split(code: str) -> tuple[list[str], list[str]]:
    """Return the operands and operators of a condition; itself if it is not a plain chain."""
    parts, operators, start, depth = [], [], 0, 0
    for found in re.finditer(rf"[(\[{{]|[)\]}}]|\"[^\"]*\"|'[^']*'|{_OPERATOR.pattern}", code):
        mark = found[0]
        if mark in {"(", "[", "{"}:
            depth += 1
        elif mark in {")", "]", "}"}:
            depth -= 1
        elif mark in _OPERATORS and not depth:
            parts.append(code[start : found.start()])
            operators.append(mark)
            start = found.end()
    return [*parts, code[start:]], operators
