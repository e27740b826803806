"""What has to change in documentation whose parameters are no longer the definition's."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assist_server.syntax.definition import Definition, Parameter, ParameterKind

_SIMILARITY = 0.6
"""From this ratio on, a name that went and one that came are taken for the same parameter."""


@dataclass(frozen=True)
class Change:
    """The difference between the parameters that are documented and those that exist."""

    missing: tuple[Parameter, ...]
    gone: tuple[str, ...]
    """Names that are described and that the definition does not have. Their entries stay: they
    are a person's words, and may be about what the signature does not show."""
    pruned: frozenset[str]
    """Those of the gone ones whose entries a person wants removed."""
    renamed: tuple[tuple[str, str], ...]
    """Pairs of a name that a person wants removed and the present one that it is now."""


def compare(
    definition: Definition, documented: Sequence[str], prune: Collection[str] = ()
) -> Change:
    """Return what is missing, what is gone, and what only has another name."""
    taken_apart = [one for one in definition.parameters if one.parts and one.name not in documented]
    known = {one.name for one in definition.parameters} | {definition.receiver}
    gone = [name for name in dict.fromkeys(documented) if name not in known]
    # The name of a parameter that is taken apart was made up, by the writer of the comment or here.
    gone = gone[len(taken_apart) :] if taken_apart else gone
    matched = taken_apart[: len(documented)]
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
    """Return whether the documentation may well name more than the signature does."""
    stars = {ParameterKind.VAR_KEYWORD, ParameterKind.VAR_POSITIONAL}
    collects = any(one.kind in stars for one in definition.parameters)
    is_decorated = definition.header.start < definition.keyword
    return collects or is_decorated or not definition.is_callable


def _renamed(gone: Iterable[str], missing: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of names alike enough, the most alike first."""
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
