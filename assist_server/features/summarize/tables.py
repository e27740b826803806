"""Summaries of tables in text (CSV, TSV): size, and what each column holds."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from assist_server.context.secrets import is_secret_name
from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, listed, quoted

DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
_MAX_ROWS = 50_000
_MAX_CHARS = 16_000_000
_MAX_COLUMNS = 1_000
_MAX_DISTINCT = 1_000
_MAX_ROW_CHARS = 500_000
_MAX_SHOWN = 4
_SAMPLE_ROWS = 50
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})?(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?%?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.{0,20})?|\d{1,2}[/.]\d{1,2}[/.]\d{4}")
_SETTING = re.compile(r"[\w.-]{1,60}")
_MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "-", "?"])
_TRUTH = frozenset(["true", "false", "yes", "no", "t", "f", "y", "n"])


@dataclass
class _Column:
    name: str
    count: int = 0
    """Number of values that are not missing."""
    missing: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    numbers: list[float] = field(default_factory=list)
    """The least and the greatest."""
    dates: list[str] = field(default_factory=list)
    """The first and the last in time, for dates that sort as text."""
    values: Counter[str] = field(default_factory=Counter)

    @property
    def names_secrets(self) -> bool:
        """Return whether a value names a password or the like, as in lists of settings."""
        return any(_SETTING.fullmatch(each) and is_secret_name(each) for each in self.values)

    def add(self, value: str) -> None:
        """Count a value."""
        value = value.strip()
        if value.lower() in _MISSING:
            self.missing += 1
            return
        self.count += 1
        kind = _kind(value)
        self.kinds[kind] += 1
        if kind in {"whole number", "number"}:
            number = float(value.replace(",", "").rstrip("%"))
            low, high = self.numbers or (number, number)
            self.numbers = [min(low, number), max(high, number)]
        if kind == "date" and value[4:5] == "-":
            low_date, high_date = self.dates or (value, value)
            self.dates = [min(low_date, value), max(high_date, value)]
        if value in self.values or len(self.values) < _MAX_DISTINCT:
            self.values[value[:200]] += 1


def find_delimiter(lines: Iterable[str]) -> str | None:
    """Return the delimiter with which the first rows have equally many columns; None without one.

    Unlike csv.Sniffer, it uses no patterns whose time grows with the square of the text, and does
    not take a letter or a blank for a delimiter.
    """
    sample = [line for line in islice(lines, _SAMPLE_ROWS) if line.strip() and line[0] != "#"]
    best, best_width = None, 1
    for delimiter in DELIMITERS:
        widths = _widths(sample, delimiter)
        common = Counter(widths).most_common(1)
        width, count = common[0] if common else (0, 0)
        if width > best_width and count >= max(2, 0.9 * len(widths)):
            best, best_width = delimiter, width
    return best


def describe_table(selection: Selection) -> Facts:
    """Return the facts of a table, whose delimiter is a comma if no other one is seen."""
    sample = (line for _, line in islice(selection.numbered_lines(), _SAMPLE_ROWS))
    delimiter = find_delimiter(sample) or ","
    start = _start(selection.text)
    rows = _rows(selection.text[start : start + _MAX_CHARS], delimiter)
    first = next(rows, [])
    sampled = list(islice(rows, _SAMPLE_ROWS))
    has_header = _is_header(first, sampled)
    body = [*([] if has_header else [first]), *sampled]
    names = first if has_header else [f"column {n}" for n in range(1, len(first) + 1)]
    columns = [_Column(name.strip()) for name in names[:_MAX_COLUMNS]]
    count = uneven = 0
    for row in islice(_chain(body, rows), _MAX_ROWS):
        count += 1
        uneven += len(row) != len(first)
        for column, value in zip(columns, row, strict=False):
            column.add(value)
    is_whole = len(selection.text) <= _MAX_CHARS and count < _MAX_ROWS
    size = f"{counted(count, 'row')} and {counted(len(first), 'column')}"
    text = f"A table of {size}, separated by {DELIMITERS[delimiter]}"
    text += f": {_names(first)}." if has_header else "."
    if uneven:
        has = "has" if uneven == 1 else "have"
        text += f" {counted(uneven, 'row')} {has} more or fewer columns."
    if not is_whole:
        text += " The rest of the table was not read."
    line = selection.line_at(start)
    naming = [column for column in columns if column.names_secrets]
    return Facts(
        text,
        tuple(
            _fact(column, line, is_secret=any(each is not column for each in naming))
            for column in columns
        ),
    )


def _start(text: str) -> int:
    """Return where the table begins, after blank lines and comments."""
    found = re.match(r"\ufeff?(?:[ \t]*\n|#[^\n]*\n)*", text)
    return found.end() if found else 0


def _widths(sample: Sequence[str], delimiter: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
    except csv.Error:
        return []


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that are not empty, as far as they can be read."""
    reader = csv.reader(_lines(text), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:  # a field that is too long, or a NUL
            continue
        if row is None:
            return
        if row:
            yield row


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start : min(end, start + _MAX_ROW_CHARS)]
        start = end


def _chain(first: list[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from first
    yield from rest


def _is_header(first: list[str], body: list[list[str]]) -> bool:
    """Return whether a row names columns: distinct words that do not occur below them."""
    cells = [cell.strip() for cell in first]
    if not body or len(set(cells)) < len(cells) or any(map(_is_number, cells)):
        return False
    below = [{row[n].strip() for row in body if n < len(row)} for n in range(len(cells))]
    return not any(cell and cell in values for cell, values in zip(cells, below, strict=True))


def _is_number(value: str) -> bool:
    return bool(re.search(r"\d", value)) and _NUMBER.fullmatch(value) is not None


def _kind(value: str) -> str:
    if value.lower() in _TRUTH:
        return "yes or no"
    is_code = re.match(r"0\d", value)  # a postcode, say
    if _is_number(value[:80]) and len(value) <= 80 and not is_code:
        return "number" if re.search(r"[.eE%]", value) else "whole number"
    return "date" if _DATE.fullmatch(value[:60]) else "text"


def _names(first: list[str]) -> str:
    names = [quoted(name.strip(), 40) for name in first[:_MAX_SHOWN]]
    left = len(first) - len(names)
    return listed([*names, f"{left:,} more"] if left else names)


def _fact(column: _Column, line: int, *, is_secret: bool) -> Fact:
    content = _content(column, is_secret=is_secret or is_secret_name(column.name))
    return Fact(quoted(column.name or "without a name", 60), line, content)


def _content(column: _Column, *, is_secret: bool) -> str:
    if is_secret:
        return f"{counted(column.count, 'value')}, not shown"
    parts = [_values(column)] if column.count else ["no values"]
    if column.missing:
        parts.append(f"{column.missing:,} missing")
    return "; ".join(parts)


def _values(column: _Column) -> str:
    kind, count = column.kinds.most_common(1)[0]
    if column.kinds.keys() <= {"whole number", "number"}:
        low, high = (f"{number:,.10g}" for number in column.numbers)
        kind = "numbers" if column.kinds["number"] else "whole numbers"
        return f"{kind} from {low} to {high}" if low != high else f"always {low}"
    if kind == "date" and count == column.count and column.dates:
        low, high = (quoted(date, 30) for date in column.dates)
        return f"dates from {low} to {high}" if low != high else f"always {low}"
    number = len(column.values)
    most, times = column.values.most_common(1)[0]
    if number == 1:
        return f"always {quoted(most, 60)}"
    distinct = f"more than {number - 1:,}" if number >= _MAX_DISTINCT else f"{number:,}"
    if number <= _MAX_SHOWN:
        shown = [f"{quoted(value, 40)} ({n:,})" for value, n in column.values.most_common()]
        return listed(shown)
    if number == column.count:
        return f"{distinct} values, all different, such as {quoted(most, 60)}"
    return f"{distinct} different values, most often {quoted(most, 60)} ({times:,})"
