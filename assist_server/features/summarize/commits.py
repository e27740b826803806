"""Summaries of lists of commits: how many, by whom, of which kinds, and what they break."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, listed, quoted

_GRAPH = r"[*|\\/_ ]{0,40}"
FULL = re.compile(rf"{_GRAPH}commit ([0-9a-f]{{7,64}})\b")
ONE_LINE = re.compile(rf"{_GRAPH}([0-9a-f]{{7,40}}) (?:\([^)]{{1,300}}\) )?(\S.*)$")
SHORTLOG = re.compile(r"(\S.{0,200}?) \((\d{1,7})\):$")
_FIELD = re.compile(rf"{_GRAPH}(Author|Date|AuthorDate|Merge|Commit|CommitDate):\s+(.*)$")
_TEXT = re.compile(rf"{_GRAPH} {{4}}(.*)$")
_CONVENTIONAL = re.compile(r"([a-z]+)(?:\(([^)]{1,80})\))?(!?): ")
_AREA = re.compile(r"([\w][\w./+-]{0,40}(?:, ?[\w./+-]{1,40}){0,3}): ")
_TYPES = frozenset(
    "feat fix docs style refactor perf test tests build ci chore revert deps release".split()  # noqa: SIM905 - easier to read
)
_BREAKING = re.compile(r"BREAKING[ -]CHANGE")
_EMAIL = re.compile(r"\s*<[^>]*>")
_MAX_KINDS, _MAX_AUTHORS = 5, 3


@dataclass
class _Commit:
    line: int
    subject: str = ""
    author: str = ""
    date: str = ""
    is_breaking: bool = False
    is_merge: bool = False

    @property
    def kind(self) -> str:
        """Return the type or area before the subject's colon; empty without one."""
        found = _CONVENTIONAL.match(self.subject)
        if found and found[1] in _TYPES:
            return found[1]
        area = _AREA.match(self.subject)
        return area[1] if area else ""


def describe_commits(selection: Selection) -> Facts:
    """Return the facts of a list of commits, newest or oldest first as it stands."""
    commits = list(_read(selection.numbered_lines()))
    for one in commits:
        conventional = _CONVENTIONAL.match(one.subject)
        one.is_breaking |= bool(conventional and conventional[3])
        one.is_merge |= not one.kind and one.subject.startswith("Merge ")
    return Facts(_headline(commits), tuple(_items(commits)))


def _read(lines: Iterable[tuple[int, str]]) -> Iterator[_Commit]:
    """Yield the commits in any of the three styles."""
    commit: _Commit | None = None
    author = ""
    for number, line in lines:
        if FULL.match(line):
            if commit:
                yield commit
            commit = _Commit(number)
        elif commit is not None:
            _add(commit, line)
        elif one := ONE_LINE.match(line):
            yield _Commit(number, one[2].strip())
        elif head := SHORTLOG.match(line):
            author = head[1]
        elif author and line.startswith("      ") and line.strip():
            yield _Commit(number, line.strip(), author)
    if commit:
        yield commit


def _add(commit: _Commit, line: str) -> None:
    if found := _FIELD.match(line):
        name, value = found.groups()
        if name == "Author":
            commit.author = _EMAIL.sub("", value)
        elif name in {"Date", "AuthorDate"}:
            commit.date = value.strip()
        elif name == "Merge":
            commit.is_merge = True
    elif text := _TEXT.match(line):
        commit.subject = commit.subject or text[1].strip()
        commit.is_breaking |= bool(_BREAKING.search(text[1]))


def _headline(commits: list[_Commit]) -> str:
    authors = Counter(one.author for one in commits if one.author)
    dates = [one.date for one in commits if one.date]
    who = ""
    if authors:
        [(name, _)] = authors.most_common(1)
        who = f" by {quoted(name)}" if len(authors) == 1 else f" by {len(authors)} people"
    span = ""
    if dates:
        first, last = dates[-1], dates[0]
        span = f" on {first}" if first == last else f", from {first} to {last}"
    breaking = sum(one.is_breaking for one in commits)
    alarm = f"; {breaking} breaking" if breaking else ""
    kinds = Counter(one.kind for one in commits if one.kind).most_common(_MAX_KINDS)
    most = [f"{count:,} `{kind}`" for kind, count in kinds if count > 1 or len(kinds) <= 3]
    named = f": {listed(most)}" if most and len(commits) > 1 else ""
    if len(commits) == 1:
        return f"A commit{who}{span}: {quoted(commits[0].subject)}{alarm}."
    return f"{counted(len(commits), 'commit')}{who}{span}{named}{alarm}."


def _items(commits: list[_Commit]) -> Iterator[Fact]:
    for one in commits:
        if one.is_breaking:
            yield Fact("breaking", one.line, quoted(one.subject))
    if len(commits) < 2:
        return
    kinds = Counter(one.kind for one in commits if one.kind)
    for kind, count in kinds.most_common(_MAX_KINDS):
        first = next(one for one in commits if one.kind == kind)
        yield Fact(f"{count:,} `{kind}`", first.line, _such_as(first, count))
    plain = [one for one in commits if not one.kind and not one.is_merge]
    if plain:
        name = counted(len(plain), "other") if kinds else "first listed"
        yield Fact(name, plain[0].line, _such_as(plain[0], len(plain) if kinds else 1))
    merges = [one for one in commits if one.is_merge]
    if merges:
        yield Fact(counted(len(merges), "merge"), merges[0].line, _such_as(merges[0], len(merges)))
    authors = Counter(one.author for one in commits if one.author)
    for name, count in authors.most_common(_MAX_AUTHORS) if len(authors) > 1 else []:
        first = next(one for one in commits if one.author == name)
        yield Fact(f"{counted(count, 'commit')} by {quoted(name)}", first.line)


def _such_as(commit: _Commit, count: int) -> str:
    return f"{'such as ' if count > 1 else ''}{quoted(commit.subject or 'without a subject')}"
