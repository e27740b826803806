"""The difference between the parameters in documentation and those of the definition."""

import builtins
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assist_server.syntax.definition import Definition, Parameter, ParameterKind

RESULT = "Returns"
"""Name by which the description of a result is removed."""

_SIMILARITY = 0.6
"""Least similarity of a removed and a new name to count as the same parameter."""


@dataclass(frozen=True)
class Change:
    """The difference between the documented parameters and those that exist."""

    missing: tuple[Parameter, ...]
    gone: tuple[str, ...]
    """Described names that the definition does not have. Their entries stay: a person wrote them,
    and they may be about what the signature does not show."""
    pruned: frozenset[str]
    """Those of the gone names whose entries the user wants removed."""
    renamed: tuple[tuple[str, str], ...]
    """Pairs of a name that the user wants removed and the parameter that it is now."""

    def old_name(self, name: str) -> str:
        """Return the name under which a parameter is documented."""
        return next((old for old, new in self.renamed if new == name), name)


def compare(
    definition: Definition, documented: Sequence[str], prune: Collection[str] = ()
) -> Change:
    """Return the parameters that are missing, gone or renamed in the documentation."""
    patterns = [one for one in definition.parameters if one.parts and one.name not in documented]
    known = {one.name for one in definition.parameters} | {definition.receiver}
    gone = [name for name in dict.fromkeys(documented) if name not in known]
    # The name of a pattern was invented, by the author of the comment or by this program.
    gone = gone[len(patterns) :] if patterns else gone
    matched = patterns[: len(documented)]
    missing = [
        one for one in definition.parameters if one.name not in documented and one not in matched
    ]
    pruned = [name for name in gone if name in prune]
    renamed = _renamed(pruned, [one.name for one in missing])
    old, new = {name for name, _ in renamed}, {name for _, name in renamed}
    return Change(
        missing=tuple(one for one in missing if one.name not in new),
        gone=tuple(gone),
        pruned=frozenset(pruned) - old,
        renamed=renamed,
    )


def collects_arguments(definition: Definition) -> bool:
    """Return whether the documentation may name more parameters than the signature."""
    stars = {ParameterKind.VAR_KEYWORD, ParameterKind.VAR_POSITIONAL}
    collects = any(one.kind in stars for one in definition.parameters)
    is_decorated = definition.header.start < definition.keyword
    return collects or is_decorated or not definition.is_callable


def renamed_exceptions(
    definition: Definition, documented: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Return pairs of a described exception that is not raised and a similar one that is."""
    raised = [name for name in definition.raises if name.isidentifier()]
    described = list(dict.fromkeys(documented))
    own = {_stem(name): name for name in raised if name not in described}
    others = {
        _stem(name): name
        for name in described
        if name not in raised and name.isidentifier() and not hasattr(builtins, name)
    }
    return tuple((others[old], own[new]) for old, new in _renamed(others, own))


def _stem(exception: str) -> str:
    """Return the name of an exception without the word that all exceptions share."""
    return re.sub(r"(Error|Exception|Warning)$", "", exception)


def are_similar(old: str, new: str) -> bool:
    """Return whether two names may be those of one parameter."""
    return SequenceMatcher(None, old, new).ratio() >= _SIMILARITY


def _renamed(gone: Iterable[str], missing: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of similar names, the most similar first."""
    ratios = sorted(
        ((SequenceMatcher(None, old, new).ratio(), old, new) for old in gone for new in missing),
        reverse=True,
    )
    pairs: list[tuple[str, str]] = []
    for ratio, old, new in ratios:
        is_free = all(old != one and new != other for one, other in pairs)
        if ratio >= _SIMILARITY and is_free:
            pairs.append((old, new))
    return tuple(pairs)
