"""Phrases of documentation that state facts of the source.

Code is between backticks; the convention's own marks replace them later.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from assist_server.features.documentation.phrases import (
    PhraseForm,
    PhraseKind,
    PhraseRequest,
    finish,
)
from assist_server.features.documentation.plausibility import stems
from assist_server.features.documentation.wording.conditions import (
    any_of,
    guard_in_words,
    is_plain,
    one_of,
)
from assist_server.features.documentation.wording.results import ResultPhrases
from assist_server.features.documentation.wording.statements import (
    is_kept_argument,
    is_named_path,
    is_within,
    is_worth_telling,
    length,
    listing,
    target_of,
    told_together,
    with_otherwise,
    without_weaker,
)
from assist_server.syntax.definition import Definition, Kind
from assist_server.syntax.facts.fact import (
    Act,
    Facts,
    Failure,
    Guard,
    ParameterFacts,
    Statement,
    ValueKind,
)

_LONGEST = 200
_LONGEST_CODE = 60
_MAX_CASES = 3
_MIN_WORDS = 2
_MAX_RECEIVERS, _MAX_MEMBERS = 3, 6
# What would end a comment or string, or be markup of its own, and escapes.
_ESCAPES_ARE_TEXT = frozenset({"go", "rust", "lua", "javascript", "typescript", "tsx"})
"""Languages in whose comments a backslash is like any other character."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]|\*/|/\*|\"{3}|'{3}|``|\{@|^@|\]\]")
_EMPTY_WHEN_FALSE = re.compile(
    r"(?:str|bytes|list|dict|set|tuple|frozenset|[Ss]equence|[Mm]apping|Iterable|Collection)\b[^|]*"
)
_FAILS = {"Err": "returns an error {}", "panic!": "panics {}"}
_OPERATOR = re.compile(
    r"(?<![\w.])\d|[\"'+*/%<=!|&]|(?<!-)>| - |\bif\b|\bunless\b|returns? `(?:self|this)`"
)
_WORDS_OF_FORM = re.compile(
    r"\b(?:a new|what|returns?|sets?|calls?|self|this|to|and|only|its|is|are|used|passed"
    r"|among others|for each(?= `)|(?<=` )in(?= `))\b|[^\w\s]|_"
)
_QUALIFIERS = re.compile(r"(?:\b\w+::)+(?=\w)|(?<=[( ])[&*](?=\w)")
"""Marks in code that say nothing to a reader: namespaces, and how a value is passed."""
_ELEMENT = re.compile(r"for each `(\w+)`")
_PACKAGE = re.compile(r"(?<=`)([a-z]\w*)\.(?=[A-Z]\w*\()")
"""The package, or an object, before a function of Go."""
_AFTER_NAME = PhraseForm(is_capitalised=False, is_imperative=False)


@dataclass(frozen=True)
class FactPhrases:
    """Writes phrases about one definition."""

    definition: Definition
    facts: Facts
    language: str
    packages: frozenset[str] = frozenset()
    """The packages that a Go file imports; before a function's name they say nothing."""

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
            return self._results.phrase()
        if request.kind is PhraseKind.RAISES:
            return self._raised(request.subject)
        return None

    def notes(self) -> tuple[str, ...]:
        """Return sentences about errors and results, for conventions without entries for them."""
        found: list[str] = []
        if self.facts.comment is not None and self.language == "go":
            found.append(finish(self.facts.comment, PhraseForm()))
        raised = self._raised("error")
        is_go = self.language == "go"
        verb = "It returns an error" if is_go else "Raises an error"
        is_told = self._results.last is not None and self._results.last.act is Act.RETURN
        is_repeated = is_go and is_told and not (raised or "").startswith("if ")
        if raised is not None and not is_repeated:
            always = "It always returns an error" if is_go else "Always raises an error"
            found.append(f"{always}." if raised == "always" else f"{verb} {raised}.")
        is_error = raised is not None and self.definition.returns == "error"
        is_new = is_go and not is_told and not is_error
        returned = self._results.phrase() if is_new else None
        if returned is not None:
            found.append(f"It {_returning(returned, 'returns')}.")
        return tuple(one for one in found if len(one) <= _LONGEST and self._is_safe(one))

    @property
    def never_returns(self) -> bool:
        """Return whether an error is always raised, and not for others to override."""
        failures = self.facts.failures
        is_stub = any("NotImplemented" in one.name for one in failures)
        is_left = any(one.guard.is_always for one in failures) and not self.facts.results
        return is_left and not (is_stub or self.definition.is_generator)

    def _is_safe(self, phrase: str) -> bool:
        """Return whether a phrase can stand in the language's comments or strings."""
        has_escapes = "\\" in phrase and self.language not in _ESCAPES_ARE_TEXT
        is_closed = phrase.count("`") % 2 == 0 and phrase.count("{") == phrase.count("}")
        is_closed = is_closed and not (has_escapes or _UNSAFE.search(phrase))
        return phrase.isprintable() and is_closed

    @cached_property
    def _results(self) -> ResultPhrases:
        return ResultPhrases(
            self.definition, self.facts, self.language, self._when, self._says_more
        )

    @property
    def _empties(self) -> frozenset[str]:
        return frozenset(
            one.name
            for one in self.definition.parameters
            if _EMPTY_WHEN_FALSE.fullmatch(one.annotation or "")
        )

    @property
    def _owners(self) -> frozenset[str]:
        return self.packages | {self.definition.receiver or ""}

    def _when(self, guard: Guard) -> str | None:
        return guard_in_words(guard, self.language, self._empties)

    def _summary(self, request: PhraseRequest, *, is_short: bool = False) -> str | None:
        """Return a headline that tells what is done; a short one tells the first of few steps."""
        is_godoc = request.form == _AFTER_NAME
        if self.facts.comment is not None and not is_godoc:
            verb = "Return " if request.form.is_imperative else "Returns "
            return re.sub("^[Rr]eturns ", verb, self.facts.comment)
        is_whole = self.definition.kind is not Kind.CONSTRUCTOR
        statements = self.facts.statements if is_whole else ()
        whole = [(one, "") for one in statements]
        steps, is_partial = (whole, False) if whole else self._effects()
        if is_short:
            is_again = any(target_of(one) == target_of(steps[0][0]) for one, _ in steps[1:])
            steps, is_partial = (
                ([], False) if is_partial or is_again else (steps[:1], len(steps) > 1)
            )
        phrases = [
            told_together([one for one, _ in group], is_imperative=request.form.is_imperative)
            + when
            for when, group in groupby(with_otherwise(steps), lambda one: one[1])
        ]
        verb = "return" if request.form.is_imperative else "returns"
        if not phrases and self.language == "rust" and (returned := self._results.phrase()):
            phrases = [_returning(returned, verb)]
        if not phrases and self.facts.skipped and is_whole and is_short:
            when = self._when(Guard((self.facts.skipped,)))
            does = "do" if request.form.is_imperative else "does"
            phrases = [f"{does} nothing {when}"] if when else []
        joined = listing(phrases)
        if len(phrases) == 1 and len(steps) > 1 and steps[0][1].startswith(" if "):
            when = steps[0][1]
            joined = f"{when.lstrip()}, {phrases[0].removesuffix(when)}"  # it is about all of them
        if joined and self._says_more(joined):
            return f"{joined}, among other things" if steps and is_partial else joined
        is_identity = [one.kind for one in self.facts.results] == [ValueKind.PARAMETER]
        if is_identity and len(whole) == 1 and (returned := self._results.phrase()):
            return _returning(returned, verb)
        return None

    def _effects(self) -> tuple[list[tuple[Statement, str]], bool]:
        """Return what the function does to things outside it, and whether more is left out."""
        known: list[tuple[Statement, str]] = []
        for one in self.facts.effects:
            when, code = self._when_done(one.guard), one.statement.code
            if one.each is not None:
                each = one_of(one.each)
                when = f"for each {each}" if each else None
            is_told = self._is_safe(code) and "`" not in code
            if when is not None and is_told and not is_kept_argument(one.statement):
                known.append((one.statement, "" if when == "always" else f" {when}"))
        places = self.facts.places
        counts = Counter(target_of(one) for one, _ in known)
        stronger = without_weaker(known)
        kept = [
            (one, when)
            for one, when in stronger
            if not when or counts[target_of(one)] >= places.count(target_of(one))
        ]  # what is set elsewhere as well is not only set under one condition
        weaker = len(known) - len(stronger)
        while len(kept) > _MAX_CASES or sum(map(length, kept)) > _LONGEST:
            kept.pop()
        targets = [target_of(one) for one, _ in kept if one.act is Act.SET]
        is_less = not all(is_within(one, targets) for one in places)
        is_less = is_less or len(kept) - len(targets) < self.facts.calls
        is_less = is_less or len(kept) + weaker < len(self.facts.effects)
        total = len(set(places)) + self.facts.calls
        is_told = is_worth_telling(kept, total if is_less else len(kept))
        return (kept, is_less) if is_told else ([], False)

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
        definition, told = self.definition, _QUALIFIERS.sub("", phrase)
        owner = _PACKAGE.search(told)
        told = _PACKAGE.sub("", told) if owner and owner[1] in self._owners else told
        if is_named_path(phrase, definition.name):
            return False
        if _OPERATOR.search(told):
            return True
        parts = (
            definition.name, definition.parent, definition.returns,
            definition.receiver,
            *(f"{one.name} {one.annotation or ''} {' '.join(one.parts)}"
              for one in definition.parameters),
        )  # fmt: skip
        known = stems(" ".join(part for part in parts if part))
        variables = stems(" ".join(_ELEMENT.findall(told)))
        return not stems(_WORDS_OF_FORM.sub(" ", told)) <= known | variables

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
        return self._use(name, fact)

    def _use(self, name: str, fact: ParameterFacts) -> str | None:
        """Return the only use of a parameter."""
        if fact.called_with is not None:
            given = f"with `{fact.called_with}`" if fact.called_with else "without arguments"
            return f"called {given}"
        if fact.passed_to is not None:
            names = stems(f"{self.definition.name} {name}")
            if stems(_QUALIFIERS.sub("", fact.passed_to)) <= names:
                return None
            is_clear = all(one.is_clear for one in fact.passed_when.holds)
            when = self._when_done(fact.passed_when) if is_clear else None
            suffix = "" if when == "always" else f" {when}"
            return f"passed to `{fact.passed_to}`{suffix}" if when else None
        return "not used" if fact.is_unused else None

    def little(self, request: PhraseRequest) -> str | None:
        """Return what says less: the first step of a long headline, or uses of a parameter."""
        if request.kind is PhraseKind.SUMMARY:
            found = self._summary(request, is_short=True)
            return found if found and self._is_safe(found) else None
        fact = self.facts.parameters.get(request.subject)
        if request.kind is not PhraseKind.PARAMETER or fact is None:
            return None
        uses = (one for one in (_members(fact), _receivers(fact)) if one)
        told = (one for one in uses if len(one) <= _LONGEST and self._is_safe(one))
        return next((one for one in told if self._says_more(one)), None)

    def _raised(self, name: str) -> str | None:
        failures = [one for one in self.facts.failures if one.name == name]
        if _is_certain(failures):
            return "always"
        cases = [case for one in failures if (case := self._case(one)) and self._is_safe(case)]
        conditional = [case for case in dict.fromkeys(cases) if case != "always"]
        if len(conditional) < len(failures):  # the others may happen under the same conditions
            conditional = [case for case in conditional if "unless" not in case]
        is_whole = len(cases) == len(failures) and any_of(conditional, needs_all=True) is not None
        phrase = any_of(conditional) or ("always" if cases and len(failures) == 1 else None)
        if phrase is None:
            always = [one for one in failures if one.guard.is_always]
            said = (each for one in always if (each := _said(one)) and self._is_safe(each))
            phrase = next(said, None)
        is_one_kind = name in {*_FAILS, "error"} or self.language == "java"
        is_partial = not is_whole and len(failures) > 1 and is_one_kind
        phrase = f"{phrase}, among other cases" if phrase and is_partial else phrase
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
        if not is_clear:
            return None
        is_short = len(words) + len(failure.message or "") < _LONGEST * 3 // 5
        if is_plain(words) or not is_short or failure.name in _FAILS:
            return words
        return f"{words} (`{failure.message}`)"


def _is_certain(failures: Sequence[Failure]) -> bool:
    """Return whether one of several failures happens wherever the others do not."""
    guards = [one.guard for one in failures]
    told = {one.holds[0] for one in guards if len(one.holds) == 1 and one.is_known}
    rest = [one for one in guards[1:] if one.is_known and not (one.holds or one.caught)]
    return any(one.fails and told.issuperset(one.fails) for one in rest)


def _members(fact: ParameterFacts) -> str | None:
    """Return which members of a parameter are used."""
    names, is_whole = fact.members.names, fact.members.is_whole
    if len(names) > _MAX_MEMBERS:
        return None
    are = "is" if len(names) == 1 else "are"
    named = listing([f"`{name}`" for name in names])
    rest = ", among others" if fact.members.has_others else ""
    return f"{'only ' * is_whole}its {named} {are} used{rest}" if named else None


def _receivers(fact: ParameterFacts) -> str | None:
    """Return where a parameter is passed to, if it is not used otherwise."""
    names = tuple(dict.fromkeys(fact.receivers))
    is_whole = len(fact.receivers) == fact.n_uses and 1 < len(names) <= _MAX_RECEIVERS
    return f"passed to {listing([f'`{name}`' for name in names])}" if is_whole else None


def _said(failure: Failure) -> str | None:
    """Return what an error says, as a phrase."""
    message = failure.message
    if message is None or "`" in message or len(message) > _LONGEST_CODE + 20:
        return None
    if len(re.findall(r"[^\W\d_]{2,}", message)) < _MIN_WORDS:
        return None
    return f"with the message `{message}`"


def _returning(returned: str, verb: str) -> str:
    """Return the phrase about a result after its verb, which follows "always"."""
    is_constant = returned.startswith("always ")
    return (
        f"always {verb} {returned.removeprefix('always ')}" if is_constant else f"{verb} {returned}"
    )
