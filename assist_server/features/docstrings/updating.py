"""What has to change in documentation whose parameters are no longer the definition's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assist_server.syntax.definition import Definition, Parameter, ParameterKind

_SIMILARITY = 0.6
"""From this ratio on, a name that went and one that came are taken for the same parameter."""


@dataclass(frozen=True)
class Change:
    """The difference between the parameters that are documented and those that exist."""

    missing: tuple[Parameter, ...]
    stale: frozenset[str]
    renamed: tuple[tuple[str, str], ...]
    """Pairs of the documented name and the present one."""


def compare(definition: Definition, documented: Sequence[str]) -> Change:
    """What is missing, what is gone, and what only has another name.

    Where `**kwargs` collects arguments, names that the signature lacks may well describe them, and
    a class may describe its constructor's; such entries stay.
    """
    taken_apart = [one for one in definition.parameters if one.parts and one.name not in documented]
    known = {one.name for one in definition.parameters} | {definition.receiver}
    stale = [name for name in dict.fromkeys(documented) if name not in known]
    # The name of a parameter that is taken apart was made up, by the writer of the comment or here.
    stale = stale[len(taken_apart) :] if taken_apart else stale
    matched = taken_apart[: len(documented)]
    missing = [
        one for one in definition.parameters if one.name not in documented and one not in matched
    ]
    collects = any(one.kind is ParameterKind.VAR_KEYWORD for one in definition.parameters)
    if collects or (not definition.parameters and not definition.is_callable):
        stale = []
    renamed = _renamed(stale, [one.name for one in missing])
    old, new = {name for name, _ in renamed}, {name for _, name in renamed}
    return Change(
        missing=tuple(one for one in missing if one.name not in new),
        stale=frozenset(stale) - old,
        renamed=renamed,
    )


def _renamed(stale: Iterable[str], missing: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of names alike enough, the most alike first."""
    ratios = sorted(
        ((SequenceMatcher(None, old, new).ratio(), old, new) for old in stale for new in missing),
        reverse=True,
    )
    pairs: list[tuple[str, str]] = []
    for ratio, old, new in ratios:
        is_free = all(old != one and new != other for one, other in pairs)
        if ratio >= _SIMILARITY and is_free:
            pairs.append((old, new))
    return tuple(pairs)
