"""Kinds of text that are summarized in different ways, by the document's language and its content.

Content decides where the language says nothing. What is not sure is prose.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, pairwise
from pathlib import PurePath

import yaml

from assist_server.context.selection import Selection
from assist_server.features.summarize import commits, tables
from assist_server.features.summarize.data_readers import parse_toml
from assist_server.features.summarize.log_entries import read_entry
from assist_server.features.summarize.mails import ATTRIBUTION, HEADER, KNOWN_HEADERS, ORIGINAL
from assist_server.features.summarize.trace_formats import language_of

_MAX_LINES = 400
"""Number of lines that are looked at."""

_MIN_REPEATED = 20
_MAX_WORDS_OF_VALUE = 3
_MAX_PARSED = 200_000
"""Longer text is not parsed to see what it is."""


@dataclass(frozen=True)
class _Sample:
    lines: list[str]
    """The first lines, each cut to some thousand characters."""
    text: str


class TextKind(StrEnum):
    """Kind of text."""

    CODE = "code"
    PROSE = "prose"
    MARKDOWN = "Markdown"
    LOG = "log"
    TRACE = "stack trace"
    DIFF = "diff"
    COMMITS = "list of commits"
    TABLE = "table"
    JSON = "JSON"
    TOML = "TOML"
    YAML = "YAML"
    MAIL = "mail"


_IDS = {
    "json": TextKind.JSON, "jsonc": TextKind.JSON, "jsonl": TextKind.JSON, "toml": TextKind.TOML,
    "yaml": TextKind.YAML, "csv": TextKind.TABLE, "tsv": TextKind.TABLE, "diff": TextKind.DIFF,
    "patch": TextKind.DIFF, "log": TextKind.LOG, "mail": TextKind.MAIL, "eml": TextKind.MAIL,
    "markdown": TextKind.MARKDOWN, "quarto": TextKind.MARKDOWN, "rmd": TextKind.MARKDOWN,
    "mdx": TextKind.MARKDOWN, "dockercompose": TextKind.YAML,
}  # fmt: skip
_EXTENSIONS = {
    ".json": TextKind.JSON, ".jsonc": TextKind.JSON, ".jsonl": TextKind.JSON,
    ".ndjson": TextKind.JSON, ".ipynb": TextKind.JSON, ".toml": TextKind.TOML,
    ".yaml": TextKind.YAML, ".yml": TextKind.YAML, ".csv": TextKind.TABLE, ".tsv": TextKind.TABLE,
    ".diff": TextKind.DIFF, ".patch": TextKind.DIFF, ".log": TextKind.LOG, ".eml": TextKind.MAIL,
    ".mbox": TextKind.MAIL, ".md": TextKind.MARKDOWN, ".markdown": TextKind.MARKDOWN,
    ".mdx": TextKind.MARKDOWN, ".rmd": TextKind.MARKDOWN, ".qmd": TextKind.MARKDOWN,
}  # fmt: skip
_MAY_BE = {TextKind.LOG: TextKind.TRACE, TextKind.JSON: TextKind.LOG}
"""Kinds that documents of a language may hold as well."""

_PATCH_MAIL = re.compile(r"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001$")
_HUNK = re.compile(r"@@@* -\d+(?:,\d+)? (?:-\d+(?:,\d+)? )*\+\d+(?:,\d+)? @@")
_MARKDOWN_HEADING = re.compile(r"#{1,6} \S")
_MARKDOWN_MARK = re.compile(
    r"(?:#{1,6} \S|```|~~~|[-*+] \[?.{0,80}\]\(|!?\[.{1,80}\]\(\S{1,200}\))"
)
_UNDERLINE = re.compile(r"(?:={4,}|-{4,})$")
_ON_THE_MINUTE = re.compile(r"\d\d:\d\d:00")
"""Times in a plan for a day; a program is seldom so punctual."""
_TECHNICAL = re.compile(r"\d|\w[/\\]\w|\w[:=]|\w[._]\w")
"""Numbers, paths, values and names, which verse lacks."""
_YAML_KEY = re.compile(r"(?:- )?[\w.\"'/-]{1,60}:(?:\s|$)")


def recognize(selection: Selection) -> TextKind:
    """Return the kind of a selection."""
    named = _named(selection)
    lines = [line for _, line in islice(selection.numbered_lines(), _MAX_LINES)]
    sample = _Sample(lines, selection.text)
    if named is not None:
        other = _MAY_BE.get(named)
        return other if other and _FITS[other](sample) else named
    return _by_content(sample) if selection.snapshot.is_prose else TextKind.CODE


def _named(selection: Selection) -> TextKind | None:
    """Return the kind that the document's language or file name says."""
    snapshot = selection.snapshot
    suffix = PurePath(snapshot.path).suffix.lower()
    named = _IDS.get(snapshot.language_id.lower()) or _EXTENSIONS.get(suffix)
    return named or (TextKind.CODE if snapshot.language.grammar else None)


def _by_content(sample: _Sample) -> TextKind:
    return next((kind for kind, fits in _FITS.items() if fits(sample)), TextKind.PROSE)


def _is_mail(sample: _Sample) -> bool:
    filled = [line for line in sample.lines if line.strip()]
    if not filled or _PATCH_MAIL.match(filled[0]):
        return False
    head: set[str] = set()
    for line in filled[1:] if filled[0].startswith("From ") else filled:
        found = HEADER.match(line)
        if found:
            head.add(found[1].lower())
        elif not line.startswith((" ", "\t")):
            break
    if len(head & KNOWN_HEADERS) >= 2 and {"from", "subject", "received"} & head:
        return True
    quotes = sum(line.startswith(">") for line in filled)
    attributed = any(ATTRIBUTION.match(line) or ORIGINAL.match(line) for line in filled)
    return attributed and quotes >= 1


def _count_commits(lines: list[str]) -> int:
    return sum(bool(commits.FULL.match(line)) for line in lines)


def _is_diff(sample: _Sample) -> bool:
    if _count_commits(sample.lines) > 1:
        return False
    heads = any(line.startswith("diff --") for line in sample.lines)
    hunks = sum(bool(_HUNK.match(line)) for line in sample.lines)
    names = any(
        one.startswith("--- ") and following.startswith("+++ ")
        for one, following in pairwise(sample.lines)
    )
    if not (hunks or heads) or not (hunks or names or heads):
        return False
    fenced = any(line.startswith(("```", "~~~")) for line in sample.lines)
    first = next(
        (n for n, line in enumerate(sample.lines) if _is_diff_head(line)), len(sample.lines)
    )
    is_led_by_prose = first > 40 and not _PATCH_MAIL.match(sample.lines[0])
    return not fenced and not is_led_by_prose


def _is_diff_head(line: str) -> bool:
    return line.startswith(("diff --", "--- ")) or bool(_HUNK.match(line))


def _is_commits(sample: _Sample) -> bool:
    filled = [line for line in sample.lines if line.strip()]
    if not filled:
        return False
    if commits.FULL.match(filled[0]):
        if any(line.startswith("diff --") for line in filled) and _count_commits(filled) < 2:
            return False
        return any(re.match(r"[*|\\/_ ]*Author: ", line) for line in filled[1:4])
    one_line = [commits.ONE_LINE.match(line) for line in filled]
    hashes = [found[1] for found in one_line if found]
    if len(hashes) >= 2 and len(hashes) >= 0.8 * len(filled):
        return any(re.search(r"[a-f]", one) and re.search(r"\d", one) for one in hashes)
    heads = [line for line in filled if commits.SHORTLOG.match(line)]
    rest = [line for line in filled if line.startswith("      ")]
    return bool(heads) and bool(rest) and len(heads) + len(rest) >= 0.9 * len(filled)


def _is_trace(sample: _Sample) -> bool:
    entries = sum(_is_dated(line) for line in sample.lines)
    filled = sum(bool(line.strip()) for line in sample.lines)
    fenced = any(line.startswith(("```", "~~~")) for line in sample.lines)
    return entries <= 1 and not fenced and filled > 1 and language_of(sample.lines) is not None


def _is_dated(line: str) -> bool:
    entry = read_entry(line)
    return entry is not None and bool(entry.time)


def _is_log(sample: _Sample) -> bool:
    """Return whether most lines, without those that are indented, begin an entry."""
    heads = [line for line in sample.lines if line.strip() and not line[0].isspace()]
    entries = [entry for line in heads if (entry := read_entry(line)) is not None]
    if len(entries) < 2:
        return _repeats_itself(heads)
    if all(_ON_THE_MINUTE.fullmatch(entry.time) for entry in entries):
        return False
    dated = sum(bool(entry.time) for entry in entries)
    is_dated = dated >= 2 and (len(entries) >= 0.5 * len(heads) or dated >= 10)
    return is_dated or len(entries) >= max(3, 0.6 * len(heads))


def _repeats_itself(lines: list[str]) -> bool:
    """Return whether many lines begin with one of few words, as a program's output does."""
    firsts = Counter(line.split(None, 1)[0].lstrip("([") for line in lines)
    common = sum(
        count
        for word, count in firsts.most_common(6)
        if word[:1].isupper() and not word.endswith(":")
    )
    technical = sum(bool(_TECHNICAL.search(line)) for line in lines)
    is_like_prose = technical < 0.5 * len(lines)
    return len(lines) >= _MIN_REPEATED and common >= 0.8 * len(lines) and not is_like_prose


def _is_json(sample: _Sample) -> bool:
    stripped = sample.text.lstrip("\ufeff \t\r\n")
    if stripped[:1] not in {"{", "["}:
        return False
    try:
        value, end = json.JSONDecoder().raw_decode(stripped[:_MAX_PARSED])
    except (ValueError, RecursionError):
        return bool(re.match(r'\{\s*"[^"\n]{1,100}"\s*:|\[\s*[{\["]', stripped))
    rest = stripped[end : end + 1_000].lstrip()
    return (
        isinstance(value, dict | list)
        and rest[:1] in {"", "{", "["}
        and (len(value) > 1 or not rest)
    )


def _is_table(sample: _Sample) -> bool:
    filled = [line for line in sample.lines if line.strip()]
    delimiter = tables.find_delimiter(filled)
    if delimiter is None or len(filled) < 3:
        return False
    sentences = sum(bool(re.search(r"[.!?]$", line.strip())) for line in filled)
    is_spaced = sum(line.count(f"{delimiter} ") for line in filled) > 0.8 * sum(
        line.count(delimiter) for line in filled
    )
    return (
        delimiter != "|" and sentences < 0.3 * len(filled) and not (is_spaced and delimiter == ",")
    )


def _is_toml(sample: _Sample) -> bool:
    if len(sample.text) > _MAX_PARSED or not re.search(
        r"^[\w\"'.-]{1,80}\s*=", sample.text, re.MULTILINE
    ):
        return False
    try:
        return len(parse_toml(sample.text)) >= 1
    except (ValueError, RecursionError):
        return False


def _is_yaml(sample: _Sample) -> bool:
    """Return whether most lines are keys or items, and the text can be read."""
    filled = [line for line in sample.lines if line.strip() and not line.lstrip().startswith("#")]
    keys = [line for line in filled if _YAML_KEY.match(line.lstrip())]
    nested = [line for line in filled if line.startswith((" ", "- "))]
    if (
        len(keys) < 3
        or len(keys) < 0.5 * len(filled)
        or not nested
        or len(sample.text) > _MAX_PARSED
    ):
        return False
    values = [line.partition(":")[2].split() for line in keys]
    if sum(len(words) > _MAX_WORDS_OF_VALUE for words in values) >= 0.5 * len(keys):
        return False
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return sum(1 for _ in islice(yaml.parse(sample.text, Loader=loader), 100_000)) > 6
    except yaml.YAMLError:
        return False


def _is_markdown(sample: _Sample) -> bool:
    """Return whether there are two headings, or a heading and other marks of Markdown."""
    headings = sum(bool(_MARKDOWN_HEADING.match(line)) for line in sample.lines)
    headings += sum(
        bool(_UNDERLINE.match(below)) and 0 < len(line.strip()) <= len(below) + 3
        for line, below in pairwise(sample.lines)
    )
    marks = sum(bool(_MARKDOWN_MARK.match(line)) for line in sample.lines)
    return headings >= 2 or (headings == 1 and marks >= 2)


_FITS: dict[TextKind, Callable[[_Sample], bool]] = {
    TextKind.MAIL: _is_mail,
    TextKind.COMMITS: _is_commits,
    TextKind.DIFF: _is_diff,
    TextKind.LOG: _is_log,
    TextKind.TRACE: _is_trace,
    TextKind.JSON: _is_json,
    TextKind.TABLE: _is_table,
    TextKind.TOML: _is_toml,
    TextKind.YAML: _is_yaml,
    TextKind.MARKDOWN: _is_markdown,
}
"""Tests of content, in order: the surest, and those that hold others in them, come first."""
