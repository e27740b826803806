"""Phrases of documentation that state facts of the source.

Code is between backticks; the convention's own marks replace them later.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from assist_server.features.documentation.conditions import guard_in_words, is_plain
from assist_server.features.documentation.phrases import (
    PhraseForm,
    PhraseKind,
    PhraseRequest,
    finish,
)
from assist_server.features.documentation.plausibility import stems
from assist_server.features.documentation.statement_phrases import (
    is_kept_argument,
    is_left_by_others,
    length,
    listing,
    result_of,
    told_together,
    without_repeats,
)
from assist_server.syntax.definition import Definition, Kind
from assist_server.syntax.facts.fact import (
    Act,
    Facts,
    Failure,
    Guard,
    ParameterFacts,
    Result,
    Statement,
    ValueKind,
)

_LONGEST = 200
_LONGEST_CODE = 60
_MAX_CASES = 3
_MIN_WORDS = 2
# What would end a comment or string, or be markup of its own, and escapes.
_ESCAPES_ARE_TEXT = frozenset({"go", "rust", "lua", "javascript", "typescript", "tsx"})
"""Languages in whose comments a backslash is like any other character."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]|\*/|/\*|\"{3}|'{3}|``|\{@|^@|\]\]")
_EMPTY_WHEN_FALSE = re.compile(
    r"(?:str|bytes|list|dict|set|tuple|frozenset|[Ss]equence|[Mm]apping|Iterable|Collection)\b.*"
)
_FAILS = {"Err": "returns an error {}", "panic!": "panics {}"}
_NO_VALUES = frozenset({"Ok(())", "Some(())", "()"})
_TYPED = frozenset({"c", "cpp", "java", "go", "rust"})
"""Languages in which a function that returns a value does so on every path."""
_BOOLEANS = frozenset({"True", "False", "true", "false"})
_OPERATOR = re.compile(
    r"(?<!\.)\d|[\"'+*/%<=!|&]|(?<!-)>| - |\bif\b|\bunless\b|returns? `(?:self|this)`"
)
_WORDS_OF_FORM = re.compile(r"\b(?:what|returns?|sets?|calls?|self|this|to|and)\b|[^\w\s]|_")
_AFTER_NAME = PhraseForm(is_capitalised=False, is_imperative=False)


@dataclass(frozen=True)
class FactPhrases:
    """Writes phrases about one definition."""

    definition: Definition
    facts: Facts
    language: str

    def phrase(self, request: PhraseRequest) -> str | None:
        """Return what is known about the subject of a request; None if nothing is."""
        found = self._phrase(request)
        is_usable = found is not None and len(found) <= _LONGEST and self._is_safe(found)
        return found if is_usable else None

    def _phrase(self, request: PhraseRequest) -> str | None:
        if request.kind is PhraseKind.SUMMARY:
            return self._summary(request)
        if request.kind is PhraseKind.PARAMETER:
            return self._parameter(request.subject)
        if request.kind is PhraseKind.RETURNS:
            return self._returned()
        if request.kind is PhraseKind.RAISES:
            return self._raised(request.subject)
        return None

    def notes(self) -> tuple[str, ...]:
        """Return sentences about errors and results, for conventions without entries for them."""
        found: list[str] = []
        if self.facts.comment is not None and self.language == "go":
            found.append(finish(self.facts.comment, PhraseForm()))
        raised = self._raised("error")
        verb = "It returns an error" if self.language == "go" else "Raises an error"
        is_go = self.language == "go"
        is_told = self._last is not None and self._last.act is Act.RETURN
        is_repeated = is_go and is_told and not (raised or "").startswith("if ")
        if raised is not None and not is_repeated:
            found.append(f"{verb} {raised}.")
        is_error = raised is not None and self.definition.returns == "error"
        is_new = is_go and not is_told and not is_error
        returned = self._returned() if is_new else None
        if returned is not None:
            is_constant = returned.startswith("always ")
            found.append(f"It {'always returns' if is_constant else 'returns'} "
                         f"{returned.removeprefix('always ')}.")  # fmt: skip
        return tuple(one for one in found if len(one) <= _LONGEST and self._is_safe(one))

    def _is_safe(self, phrase: str) -> bool:
        """Return whether a phrase can stand in the language's comments or strings."""
        has_escapes = "\\" in phrase and self.language not in _ESCAPES_ARE_TEXT
        is_closed = phrase.count("`") % 2 == 0 and phrase.count("{") == phrase.count("}")
        is_closed = is_closed and not (has_escapes or _UNSAFE.search(phrase))
        return phrase.isprintable() and is_closed

    @property
    def _last(self) -> Statement | None:
        """Return the last statement, if the headline tells all of them."""
        return self.facts.statements[-1] if self.facts.statements else None

    @property
    def _empties(self) -> frozenset[str]:
        return frozenset(
            one.name
            for one in self.definition.parameters
            if _EMPTY_WHEN_FALSE.fullmatch(one.annotation or "")
        )

    def _when(self, guard: Guard) -> str | None:
        return guard_in_words(guard, self.language, self._empties)

    def _summary(self, request: PhraseRequest) -> str | None:
        is_godoc = request.form == _AFTER_NAME
        if self.facts.comment is not None and not is_godoc:
            return self.facts.comment
        is_whole = self.definition.kind is not Kind.CONSTRUCTOR
        statements = self.facts.statements if is_whole else ()
        steps = [(one, "") for one in statements] or self._effects()
        phrases = [
            told_together([one for one, _ in group], is_imperative=request.form.is_imperative)
            + when
            for when, group in groupby(steps, lambda one: one[1])
        ]
        if not phrases and self.language == "rust" and (returned := self._returned()):
            phrases = [f"{'return' if request.form.is_imperative else 'returns'} {returned}"]
        joined = listing(phrases)
        return joined if joined and self._says_more(joined) else None

    def _effects(self) -> list[tuple[Statement, str]]:
        """Return what the function does to things outside it, with the conditions."""
        found: list[tuple[Statement, str]] = []
        for one in self.facts.effects:
            when = self._when_done(one.guard)
            if when is None or not self._is_safe(one.statement.code):
                continue
            statement = one.statement
            if "`" in statement.code:
                continue
            if not is_kept_argument(statement):
                found.append((statement, "" if when == "always" else f" {when}"))
        while len(found) > _MAX_CASES or sum(map(length, found)) > _LONGEST:
            found.pop()
        return found

    def _when_done(self, guard: Guard) -> str | None:
        """Return when an effect takes place; earlier returns may not be clear to a reader."""
        if all(one.is_clear for one in guard.fails):
            return self._when(guard)
        if not all(one.is_exit for one in guard.fails):
            return None
        when = self._when(Guard(guard.holds, caught=guard.caught))
        suffix = "unless it returns earlier"
        return None if when is None else suffix if when == "always" else f"{when}, {suffix}"

    def _says_more(self, phrase: str) -> bool:
        """Return whether a phrase has a word, number or operator that the signature lacks."""
        if _OPERATOR.search(phrase):
            return True
        definition = self.definition
        parts = (
            definition.name, definition.parent, definition.returns,
            *(f"{one.name} {one.annotation or ''} {' '.join(one.parts)}"
              for one in definition.parameters),
        )  # fmt: skip
        known = stems(" ".join(part for part in parts if part))
        return not stems(_WORDS_OF_FORM.sub(" ", phrase)) <= known

    def _parameter(self, name: str) -> str | None:
        fact = self.facts.parameters.get(name)
        if fact is None:
            return None
        if fact.comment is not None:
            return fact.comment
        if fact.choices:
            return "one of " + ", ".join(f"`{one}`" for one in fact.choices)
        if fact.fallback is not None:
            parameter = next(one for one in self.definition.parameters if one.name == name)
            is_given = self.language == "python" and parameter.default != "None"
            missing = f"`{fact.missing}`" if fact.missing and is_given else "not given"
            missing = "false or empty" if is_given and not fact.missing else missing
            return f"`{fact.fallback}` if {missing}"
        return _use(fact)

    def _raised(self, name: str) -> str | None:
        failures = [one for one in self.facts.failures if one.name == name]
        cases = [case for one in failures if (case := self._case(one)) and self._is_safe(case)]
        conditional = [case for case in dict.fromkeys(cases) if case != "always"]
        if len(conditional) < len(failures):  # the others may happen under the same conditions
            conditional = [case for case in conditional if "unless" not in case]
        phrase = _any_of(conditional) or ("always" if cases and len(failures) == 1 else None)
        if phrase is None:
            said = (each for one in failures if (each := _said(one)) and self._is_safe(each))
            phrase = next(said, None)
        form = _FAILS.get(name)
        return form.format(phrase) if form and phrase else phrase

    def _case(self, failure: Failure) -> str | None:
        """Return the condition of a failure, if it tells more than the message."""
        words = self._when(failure.guard)
        if words is None or (words == "always" and _said(failure) is not None):
            return None
        is_clear = all(one.is_clear for one in failure.guard.conditions)
        said = _said(failure)
        if said is None:
            is_call = any(one.code.startswith("let error = ") for one in failure.guard.holds)
            return words if is_clear or is_call else None
        if not is_clear or failure.guard.caught:
            return None
        is_short = len(words) + len(failure.message or "") < _LONGEST * 3 // 5
        if is_plain(words) or not is_short or failure.name in _FAILS:
            return words
        return f"{words} (`{failure.message}`)"

    def _returned(self) -> str | None:
        results, statement = without_repeats(self.facts.results), self._last
        if not results or all(one.code in _NO_VALUES for one in results):
            return None
        if self.language == "go" and "," in (self.definition.returns or ""):
            return None if "error" in (self.definition.returns or "") else self._cases(results)
        alike = {(one.kind, one.code) for one in results}
        first = results[0]
        is_typed = self.language in _TYPED and first.kind is ValueKind.LITERAL
        if len(alike) == 1 and (is_typed or any(one.guard.is_always for one in results)):
            return self._only_result(first)
        if all(one.code in _BOOLEANS for one in results):
            return self._truth(results)
        found = self._cases(results)
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
            is_fixed = result.kind in {ValueKind.PARAMETER, ValueKind.SELF, ValueKind.LITERAL}
            return told if is_fixed or self._says_more(told) else None
        if not result.is_clear:
            return None
        is_last = self._last is not None and self._last.act is Act.RETURN
        called = result_of(self._last.code) if self._last is not None and is_last else None
        quoted = None if is_told or is_long else f"`{result.code.removeprefix('await ')}`"
        return next((one for one in (called, quoted) if one and self._says_more(one)), None)

    def _truth(self, results: tuple[Result, ...]) -> str | None:
        """Return when a function of only true and false returns returns which."""
        last = results[-1]
        others = results[:-1]
        whens = [self._when(one.guard) for one in others]
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
        joined = _any_of([when for when in whens if when])
        return f"`{others[0].code}` {joined}, else `{last.code}`" if joined else None

    def _cases(self, results: tuple[Result, ...]) -> str | None:
        """Return all values that are returned, or else those under conditions."""
        found = self._by_cases(results)
        return found if found and len(found) <= _LONGEST else self._special_cases(results)

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
        whens = [self._when(Guard(one.guard.holds)) for one in others]
        if None in whens:
            return None
        told = [f"{_value(one)} {when}" for one, when in zip(others, whens, strict=True)]
        return ", else ".join([*told, _value(last)])

    def _special_cases(self, results: tuple[Result, ...]) -> str | None:
        """Return the conditions under which a constant is returned."""
        cases: dict[str, list[str]] = {}
        for one in results:
            when = self._when(one.guard) if _is_quotable(one) else None
            is_clear = all(each.is_clear for each in one.guard.conditions)
            if is_left_by_others(one, results):
                continue
            if when and when not in {"always", f"if `{one.code}`"} and is_clear:
                cases.setdefault(one.code, []).append(when)
        told = [
            f"`{code}` {joined}"
            for code, whens in cases.items()
            if "`" not in code and (joined := _any_of(list(dict.fromkeys(whens))))
        ]
        both = "; ".join(told[:2])
        return both if both and len(both) <= _LONGEST else next(iter(told), None)


_RESULTS = {
    ValueKind.TEST: "whether `{}`",
    ValueKind.PARAMETER: "the given `{}`",
    ValueKind.SELF: "`{}`",
    ValueKind.GROUP: "`{}`",
    ValueKind.INSTANCE: "a new `{}`",
    ValueKind.LITERAL: "always `{}`",
    ValueKind.KEYS: "an object with `{}`",
}
_CONSTANT = frozenset({ValueKind.LITERAL, ValueKind.SELF, ValueKind.PARAMETER})


def _use(fact: ParameterFacts) -> str | None:
    """Return the only use of a parameter."""
    if fact.called_with is not None:
        given = f"with `{fact.called_with}`" if fact.called_with else "without arguments"
        return f"called {given}"
    if fact.passed_to is not None:
        return f"passed to `{fact.passed_to}`"
    return "not used" if fact.is_unused else None


def _is_quotable(result: Result) -> bool:
    """Return whether a returned value can be quoted."""
    is_short = len(result.code) <= _LONGEST_CODE and "`" not in result.code
    is_keys = result.kind is ValueKind.KEYS
    return is_short and not is_keys and (result.kind in _CONSTANT or result.is_clear)


def _value(result: Result) -> str:
    is_new = result.kind is ValueKind.INSTANCE
    return f"{'a new ' if is_new else ''}`{result.code}`"


def _listed(result: Result) -> str:
    is_group = result.kind in {ValueKind.GROUP, ValueKind.KEYS}
    return result.code.strip("()").replace(", ", "`, `") if is_group else result.code


def _said(failure: Failure) -> str | None:
    """Return what an error says, as a phrase."""
    message = failure.message
    if message is None or "`" in message or len(message) > _LONGEST_CODE + 20:
        return None
    if len(re.findall(r"[^\W\d_]{2,}", message)) < _MIN_WORDS:
        return None
    return f"with the message `{message}`"


def _any_of(cases: list[str]) -> str | None:
    """Return several conditions as one: "if A or B"; only as many as fit."""
    kept: list[str] = []
    for case in cases[:_MAX_CASES]:
        if sum(map(len, kept)) + len(case) < _LONGEST - 20:
            kept.append(case)
    if not kept:
        return None
    word = kept[0].partition(" ")[0]
    is_alike = all(one.startswith(f"{word} ") for one in kept)
    is_complex = any(", unless" in one or " and " in one for one in kept)
    if len(kept) > 1 and word == "if" and is_alike and not is_complex:
        rest = [one.removeprefix("if ") for one in kept]
        return "if " + (", ".join(rest[:-1]) + f" or {rest[-1]}")
    return ", or ".join(kept)
