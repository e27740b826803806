"""Phrases that tell what a function returns, and when."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from assist_server.features.documentation.wording.conditions import any_of, one_of
from assist_server.features.documentation.wording.statements import (
    is_left_by_others,
    joined,
    result_of,
    without_repeats,
)
from assist_server.syntax.definition import Definition
from assist_server.syntax.facts.fact import Act, Facts, Guard, Result, Statement, ValueKind
from assist_server.syntax.facts.source import NOTHING

_LONGEST = 200
_LONGEST_CODE = 60
_MAX_CASES = 3
_MAX_TOLD = 2
_PAIR = 2
_WITHOUT_ORDER = frozenset({"go", "lua"})
"""Languages in which loops over lists and over maps look alike."""
_NO_VALUES = frozenset({"Ok(())", "Some(())", "()"})
_TYPED = frozenset({"c", "cpp", "java", "go", "rust"})
"""Languages in which a function that returns a value does so on every path."""
_BOOLEANS = frozenset({"True", "False", "true", "false"})
_NUMBERS = frozenset({"0", "1"})
_VARIED = frozenset({ValueKind.TEST, ValueKind.PARAMETER, ValueKind.OTHER})
"""Kinds of values that may be true, false or a number."""


@dataclass(frozen=True)
class ResultPhrases:
    """Writes the phrase about the results of one function."""

    definition: Definition
    facts: Facts
    language: str
    when: Callable[[Guard], str | None]
    """Tells a guard in words."""
    says_more: Callable[[str], bool]
    """Tells whether a phrase says more than the signature."""

    @property
    def last(self) -> Statement | None:
        """Return the last statement, if the headline tells all of them."""
        return self.facts.statements[-1] if self.facts.statements else None

    def phrase(self) -> str | None:
        """Return what the function returns; None if it cannot be told."""
        results, statement = without_repeats(self.facts.results), self.last
        if (
            len(self.facts.values) > 1
            or not results
            or all(one.code in _NO_VALUES for one in results)
        ):
            return None
        if self.language == "go" and "," in (self.definition.returns or ""):
            return self._cases_in_go(results)
        alike = {(one.kind, one.code) for one in results}
        first = results[0]
        is_typed = self.language in _TYPED and first.kind is ValueKind.LITERAL
        if len(alike) == 1 and (is_typed or any(one.guard.is_always for one in results)):
            return self._only_result(first)
        if all(one.code in _BOOLEANS for one in results):
            return self._truth(results)
        found = self._first_found(results) or self._cases(results) or self._one_of(results)
        if found is None and statement is not None and statement.act is Act.RETURN:
            found = result_of(statement.code)
        return found

    def _only_result(self, result: Result) -> str | None:
        is_told = result.kind is ValueKind.INSTANCE and self.definition.returns is not None
        is_long = len(result.code) > _LONGEST_CODE or "`" in result.code
        is_unclear = result.kind is ValueKind.TEST and not result.is_clear
        form = None if is_told or is_long or is_unclear else _RESULTS.get(result.kind)
        if form is not None:
            told = form.format(_listed(result))
            told = told.removeprefix("always ") if self.definition.is_open else told
            is_fixed = result.kind in {ValueKind.PARAMETER, ValueKind.SELF, ValueKind.LITERAL}
            return told if is_fixed or self.says_more(told) else None
        is_last = self.last is not None and self.last.act is Act.RETURN
        called = result_of(self.last.code) if self.last is not None and is_last else None
        # the headline knows what comes before the call
        is_called = called is not None and called.startswith("what ")
        if not (result.is_clear or is_called):
            return None
        is_quoted = result.is_clear and not (is_told or is_long)
        quoted = f"`{result.code.removeprefix('await ')}`" if is_quoted else None
        return next((one for one in (called, quoted) if one and self.says_more(one)), None)

    def _truth(self, results: tuple[Result, ...]) -> str | None:
        """Return when a function of only true and false returns returns which."""
        last = results[-1]
        others = results[:-1]
        whens = [self.when(one.guard) for one in others]
        is_complete = (
            last.guard.is_known
            and not last.guard.holds
            and all(one.code != last.code and one.guard.holds for one in others)
            and len(last.guard.fails) == len(others)
        )
        if not is_complete or not others or None in whens:
            return self._special_cases(results)
        if not all(one.is_clear for other in others for one in other.guard.conditions):
            return None
        joined = any_of([when for when in whens if when], needs_all=True)
        return f"`{others[0].code}` {joined}, else `{last.code}`" if joined else None

    def _first_found(self, results: tuple[Result, ...]) -> str | None:
        """Return "the first `x` in `xs` for which `x.a`, else `None`", if that is all there is."""
        first, last = results[0], results[-1]
        tests = first.guard.holds
        is_search = (
            len(results) == _PAIR
            and len(tests) == 1
            and first.code in {tests[0].element, f"Some({tests[0].element})"}
            and not (first.guard.fails or first.guard.caught)
            and last.guard == Guard(fails=tests)
            and tests[0].is_clear
            and _is_quotable(last)
        )
        if not is_search:
            return None
        words = self.when(Guard((replace(tests[0], element=""),))) or ""
        one = one_of(tests[0])
        if not (words.startswith("if ") and one):
            return None
        is_ordered = tests[0].is_range or self.language not in _WITHOUT_ORDER
        which = "the first" if is_ordered else "some"
        return f"{which} {one} for which {words.removeprefix('if ')}, else {_value(last)}"

    def _cases(self, results: tuple[Result, ...]) -> str | None:
        """Return all values that are returned, or else those under conditions."""
        found = self._by_cases(results)
        return found if found and len(found) <= _LONGEST else self._special_cases(results)

    def _cases_in_go(self, results: tuple[Result, ...]) -> str | None:
        """Return the values of a function of Go with several, without an error that never is."""
        returns = self.definition.returns or ""
        if "error" not in returns:
            return self._cases(results)
        if returns.count(",") > 1 or not all(one.code.endswith(", nil") for one in results):
            return None
        return self._cases(
            tuple(
                replace(one, kind=ValueKind.OTHER, code=one.code.removesuffix(", nil"))
                for one in results
            )
        )

    def _by_cases(self, results: tuple[Result, ...]) -> str | None:
        """Return all values that are returned, if all can be told."""
        *others, last = results
        tests = [one for other in others for one in other.guard.holds]
        is_complete = (
            0 < len(others) < _MAX_CASES
            and all(one.guard.is_known and len(one.guard.holds) == 1 for one in others)
            and last.guard.is_known
            and not last.guard.holds
            and list(last.guard.fails) == tests
            and all(list(one.guard.fails) == tests[:place] for place, one in enumerate(others))
            and all(one.is_clear for one in tests)
        )
        if not is_complete or not all(_is_quotable(one) for one in results):
            return None
        whens = [self.when(Guard(one.guard.holds)) for one in others]
        if None in whens:
            return None
        told = [f"{_value(one)} {when}" for one, when in zip(others, whens, strict=True)]
        return ", else ".join([*told, _value(last)])

    def _one_of(self, results: tuple[Result, ...]) -> str | None:
        """Return all values that are returned, without conditions, if one is a constant."""
        last = results[-1].guard
        values = list(dict.fromkeys(_constant_or_called(one) for one in results))
        is_whole = self.language in _TYPED or (last.is_known and not last.holds)
        is_told = (
            is_whole and 1 < len(values) <= _MAX_CASES + 1 and any(map(_CONSTANTS.match, values))
        )
        told = joined(values, " or ")
        return told if is_told and all(values) and self.says_more(told) else None

    def _special_cases(self, results: tuple[Result, ...]) -> str | None:
        """Return the conditions under which a constant is returned.

        Left out is one that another return, whose condition is not told, may give as well.
        """
        cases: dict[str, list[str]] = {}
        for one in results:
            cases.setdefault(one.code, []).append(self._special_case(one, results) or "")
        found = {
            code: joined
            for code, whens in cases.items()
            if all(whens) and (joined := any_of(list(dict.fromkeys(whens)), needs_all=True))
        }
        last = results[-1]
        is_rest = last.guard.is_known and not last.guard.holds and _is_quotable(last)
        others = {code: when for code, when in found.items() if code != last.code}
        is_several = len(cases[last.code]) > 1 and "unless" in found.get(last.code, "")
        is_mixed = last.code not in found or is_several
        if is_rest and is_mixed and others and len(others) + 1 == len(cases):
            found = {**others, last.code: "otherwise"}
        told = list(found.items())[:_MAX_TOLD]
        if sum(len(code) + len(when) for code, when in told) > _LONGEST:
            told = told[:1]
        left = [one for one in results if one.code not in dict(told)]
        kept = [
            (code, when)
            for code, when in told
            if not any(self._may_be(one, code) for one in left)
            and not (code in NOTHING and self._may_end(results))
        ]
        new = {one.code for one in results if one.kind is ValueKind.INSTANCE}
        sentence = _as_sentence(kept, new)
        if not kept:
            return self._early(cases)
        untold = {one.code for one in results} - dict(kept).keys()
        is_partial = bool(untold) and not untold | dict(kept).keys() <= _BOOLEANS
        return f"{sentence}; other results are possible" if sentence and is_partial else sentence

    def _early(self, cases: dict[str, list[str]]) -> str | None:
        """Return a condition that suffices for a constant, which other cases may give as well."""
        found = (
            f"`{code}` {when}, and perhaps in other cases"
            for code, whens in cases.items()
            for when in (whens if len(whens) <= _MAX_TOLD else ())
            if when.startswith("if ") and ", unless" not in when
        )
        constants = (one for one in found if _CONSTANTS.match(one))
        return next(constants, None)

    def _special_case(self, result: Result, results: tuple[Result, ...]) -> str | None:
        """Return when a value is returned, if a reader can understand both."""
        if not _is_quotable(result) or is_left_by_others(result, results):
            return None
        is_declared = result.code.rpartition(".")[2] in re.findall(
            r"\w+", f"{self.definition.returns} {self.definition.parent}"
        )
        if result.kind is ValueKind.INSTANCE and is_declared:
            return None  # other returns may give one as well
        is_clear = all(each.is_clear for each in result.guard.conditions)
        when = self.when(result.guard) if is_clear else None
        return None if when in {"always", f"if `{result.code}`"} else when

    def _may_end(self, results: tuple[Result, ...]) -> bool:
        """Return whether a function may reach its end, with no value, after all returns."""
        return self.language not in _TYPED and all(one.guard.holds for one in results)

    def _may_be(self, result: Result, code: str) -> bool:
        """Return whether a result may have a value although it is written otherwise."""
        if code in NOTHING:
            is_value = _VALUE.fullmatch(result.code)
            return result.kind in {ValueKind.PARAMETER, ValueKind.OTHER} and not is_value
        is_number = code in _NUMBERS and self.language not in {"c", "cpp"}
        kinds = _VARIED - {ValueKind.TEST} if is_number else _VARIED
        return code in _BOOLEANS | _NUMBERS and result.kind in kinds


_RESULTS = {
    ValueKind.TEST: "whether `{}`",
    ValueKind.PARAMETER: "the given `{}`",
    ValueKind.SELF: "`{}`",
    ValueKind.GROUP: "`{}`",
    ValueKind.INSTANCE: "a new `{}`",
    ValueKind.LITERAL: "always `{}`",
    ValueKind.FUNCTION: "a function of {}",
    ValueKind.KEYS: "an object with `{}`",
}
_GIVEN = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
_VALUE = re.compile(
    rf"\[[^\[\]]*\]|\{{[^{{}}]*\}}|[fbr]*([\"'`])[^\"'`]*\1|(?:!|not )[\w.]+"
    rf"|(?:(?:\w+::)*(?:Some|Ok|Err)|new [\w.]+){_GIVEN}"
)
"""Expressions whose value is never null."""
_CONSTANTS = re.compile(
    r"`(?:-?\d[\w.]*|-?[A-Z][A-Z0-9_]+|True|False|true|false|\"[^\"]*\"|'[^']*'"
    + "".join(rf"|{re.escape(one)}" for one in sorted(NOTHING))
    + ")`"
)
_MAKES = re.compile(r"(?:\w+(?:::|\.))*(?:[A-Z]\w*|(?:new|make)\w*)")
"""Functions that wrap a value or an error, or make a new one: their names say nothing of it."""
_CONSTANT = frozenset({ValueKind.LITERAL, ValueKind.SELF, ValueKind.PARAMETER})


def _constant_or_called(result: Result) -> str:
    """Return a constant, or the function that gives a value; empty for all else."""
    quoted = f"`{result.code}`"
    if _CONSTANTS.fullmatch(quoted):
        return quoted
    is_made = _MAKES.fullmatch(result.called) is not None
    return f"what `{result.called}` returns" if result.called and not is_made else ""


def _as_sentence(cases: list[tuple[str, str]], new: set[str]) -> str | None:
    """Return values with their conditions, the last as "otherwise" if it has all other ones."""
    phrases = [
        f"{'otherwise ' * (when == 'otherwise')}{'a new ' * (code in new)}`{code}`"
        f"{f' {when}' * (when != 'otherwise')}"
        for code, when in cases
    ]
    if len(cases) > 1:
        (_, first), (code, last) = cases
        is_rest = last.removeprefix("unless ") == first.removeprefix("if ") and first != last
        is_rest = is_rest or first == re.sub("^if `", "if `!", last)
        phrases[1] = f"otherwise `{code}`" if is_rest else phrases[1]
    return "; ".join(phrases) or None


def _is_quotable(result: Result) -> bool:
    """Return whether a returned value can be quoted."""
    is_short = len(result.code) <= _LONGEST_CODE and "`" not in result.code
    is_other = result.kind in {ValueKind.KEYS, ValueKind.FUNCTION}
    return is_short and not is_other and (result.kind in _CONSTANT or result.is_clear)


def _value(result: Result) -> str:
    is_new = result.kind is ValueKind.INSTANCE
    return f"{'a new ' if is_new else ''}`{result.code}`"


def _listed(result: Result) -> str:
    if result.kind is ValueKind.FUNCTION:
        return joined([f"`{one}`" for one in result.code.split(", ")], " and ")
    is_group = result.kind in {ValueKind.GROUP, ValueKind.KEYS}
    return result.code.strip("()").replace(", ", "`, `") if is_group else result.code
