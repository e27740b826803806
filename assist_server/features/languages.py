"""In which languages completions are offered: what the model knows, and what the user says."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelInfo
from assist_server.settings import CompletionSettings
from assist_server.syntax.languages import PLAIN_TEXT

_NO_ID = re.compile(r"[*?\[./]")
"""What no language id holds, but a glob for a path does."""


class Offer(Enum):
    """When completions are offered in a document."""

    ALWAYS = auto()
    WHEN_INVOKED = auto()
    """The model does not know the language; a user who invokes it gets what there is."""
    NEVER = auto()
    """Switched off by the user."""


def offer_in(snapshot: Snapshot, info: ModelInfo, settings: CompletionSettings) -> Offer:
    """Decide by the setting `completion.languages`, else by what the model knows."""
    wanted = _wanted(snapshot, settings.languages)
    if wanted is not None:
        return Offer.ALWAYS if wanted else Offer.NEVER
    is_known = info.languages is None or not _ids(snapshot).isdisjoint(info.languages)
    return Offer.ALWAYS if is_known else Offer.WHEN_INVOKED


def _ids(snapshot: Snapshot) -> set[str]:
    """Return every name of the language; a language without rules of its own is not plain text."""
    own = snapshot.language.id
    return {snapshot.language_id or own} | (set() if snapshot.language is PLAIN_TEXT else {own})


def _wanted(snapshot: Snapshot, rules: Mapping[str, bool]) -> bool | None:
    """Return what the most specific rule says: a glob before an id before `*`; None without one."""
    names = (snapshot.path, PurePosixPath(snapshot.path).name)
    fitting = _ids(snapshot) & rules.keys()
    fitting |= {rule for rule in rules if _is_glob(rule) and _matches(names, rule)}
    nearest = max(fitting, key=lambda rule: (rule != "*", _is_glob(rule), len(rule)), default=None)
    return None if nearest is None else rules[nearest]


def _is_glob(rule: str) -> bool:
    return _NO_ID.search(rule) is not None


def _matches(names: tuple[str, ...], glob: str) -> bool:
    return any(fnmatchcase(name, glob) for name in names)
