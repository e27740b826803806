"""Summaries of unified diffs: files, sizes, and the definitions that are touched."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, listed, quoted
from assist_server.syntax.comment_marks import find_comment_marks

_GIT_HEAD = re.compile(r"diff --(?:git|cc|combined) (.+)$")
_HUNK = re.compile(r"@@@* -\d+(?:,(\d+))?(?: -\d+(?:,\d+)?)* \+\d+(?:,(\d+))? @@@*(.*)")
_DEFINITION = re.compile(
    r"[+-]\s*(?:(?:export|default|public|private|protected|static|async|pub(?:\([\w:]+\))?|final"
    r"|abstract|override)\s+){0,4}"
    r"(?:def|class|func|function|fn|struct|enum|trait|interface|type|impl|module)\s+"
    r"(?:\([^)]{0,80}\)\s*)?([A-Za-z_]\w*)"
)
_SECTION = re.compile(
    r"\s*(?:(?:async|export|default|public|private|static|pub(?:\([\w:]+\))?|abstract|final)\s+)*"
    r"(?:def|class|func|function|fn|struct|enum|trait|interface|type|impl|module)\s+"
    r"(?:\([^)]{0,80}\)\s*)?([A-Za-z_]\w*)"
    r"|\s*(?:[A-Za-z_][\w:<>,*&~]{0,80}\s+[*&]*)?([A-Za-z_][\w:~]{0,80})\s?\([^=]*$"
)
_SUBJECT = re.compile(r"Subject:\s*(?:\[[^\]]{0,60}\]\s*)?(.*)")
_MAX_HEAD_LINES = 200
_DATA = frozenset(["JSON", "YAML", "TOML", "JSON with comments", "Properties", "INI", "CSV"])
_MAX_DEFINITIONS = 6
_STATES = {"new": "added", "deleted": "deleted"}


@dataclass
class _File:
    name: str
    line: int
    state: str = "changed"
    old_name: str = ""
    added: int = 0
    removed: int = 0
    is_binary: bool = False
    touched: dict[str, None] = field(default_factory=dict)
    """Names of definitions, in order."""


def describe_diff(selection: Selection) -> Facts | None:
    """Return the facts of a diff; None if there is none."""
    files = _Reader().read(selection.numbered_lines())
    if not files:
        return None
    subject = _subject(selection)
    headline = _headline(files)
    headline = f"{quoted(subject)}: {headline[0].lower()}{headline[1:]}" if subject else headline
    return Facts(headline, tuple(_fact(file) for file in files))


def _subject(selection: Selection) -> str:
    """Return the subject of the commit or mail above the diff; empty without one."""
    is_commit, subject = False, ""
    for _, line in islice(selection.numbered_lines(), _MAX_HEAD_LINES):
        if subject:
            return subject + line.rstrip() if line.startswith(" ") else subject
        if _GIT_HEAD.match(line) or line.startswith("--- "):
            break
        is_commit |= line.startswith("commit ")
        if found := _SUBJECT.match(line):
            subject = found[1].strip()
        if is_commit and line.startswith("    ") and line.strip():
            return line.strip()
    return ""


def _is_code(name: str) -> bool:
    marks = find_comment_marks("", name)
    return marks is not None and not marks.is_prose and marks.name not in _DATA


class _Reader:
    """The state of reading a diff line by line."""

    def __init__(self) -> None:
        self.files: list[_File] = []
        self.old_name = ""
        self.old_left = self.new_left = 0
        """Number of lines that the hunk still has."""
        self.is_git = False
        self.begins_within_hunk = False

    def read(self, lines: Iterable[tuple[int, str]]) -> list[_File]:
        """Return the files; the first may have no name if the selection begins within it."""
        for position, (number, line) in enumerate(lines):
            if not position:
                self.begins_within_hunk = line[:1] in {"+", "-", " "} and line[:4] not in {
                    "--- ",
                    "+++ ",
                }
            if self.old_left > 0 or self.new_left > 0:
                self._body(line)
            elif self._head(number, line):
                self.begins_within_hunk = False
            elif self.begins_within_hunk and line[:1] in {"+", "-"}:
                self._count(line, number)
        return self.files

    def _body(self, line: str) -> None:
        mark = line[:1]
        if mark == "\\":
            return
        self.old_left -= mark != "+"
        self.new_left -= mark != "-"
        if mark in {"+", "-"}:
            self._count(line, 0)

    def _count(self, line: str, number: int) -> None:
        if not self.files:
            self.files.append(_File("", number))
        file = self.files[-1]
        file.added += line[0] == "+"
        file.removed += line[0] == "-"
        if (found := _DEFINITION.match(line)) and _is_code(file.name):
            file.touched.setdefault(found[1])

    def _head(self, number: int, line: str) -> bool:
        """Read a line outside hunks; return whether it belongs to the diff's format."""
        if git := _GIT_HEAD.match(line):
            self.is_git = True
            self.files.append(_File(_git_name(git[1]), number))
        elif line.startswith("--- "):
            self.old_name = _name(line[4:])
        elif line.startswith("+++ "):
            self._named(number, _name(line[4:]))
        elif hunk := _HUNK.match(line):
            self._hunk(number, hunk)
        else:
            return self._git_line(line)
        return True

    def _named(self, number: int, name: str) -> None:
        if not self.is_git:
            self.files.append(_File(name or self.old_name, number))
        file = self.files[-1]
        file.name = name or self.old_name or file.name
        if not name:
            file.state = "deleted"
        elif not self.old_name and file.state == "changed":
            file.state = "added"

    def _hunk(self, number: int, hunk: re.Match[str]) -> None:
        if not self.files:
            self.files.append(_File("", number))
        self.old_left, self.new_left = (int(count or 1) for count in hunk.groups()[:2])
        section = _SECTION.match(hunk[3][:200])
        if section and _is_code(self.files[-1].name):
            self.files[-1].touched.setdefault(section[1] or section[2])

    def _git_line(self, line: str) -> bool:
        if not self.files or not self.is_git:
            return False
        file = self.files[-1]
        first, _, rest = line.partition(" ")
        if first in _STATES and rest.startswith("file mode"):
            file.state = _STATES[first]
        elif first in {"rename", "copy"} and rest.startswith("from "):
            file.state, file.old_name = "renamed" if first == "rename" else "copied", rest[5:]
        elif first in {"rename", "copy"} and rest.startswith("to "):
            file.name = rest[3:]
        elif first == "Binary" or line.startswith("GIT binary patch"):
            file.is_binary = True
        return True


def _name(written: str) -> str:
    """Return the name of a file in a `---` or `+++` line; empty for /dev/null."""
    name = written.partition("\t")[0].strip().strip('"')
    return "" if name == "/dev/null" else re.sub(r"^[abciow]/", "", name)


def _git_name(written: str) -> str:
    half = written[: len(written) // 2]
    name = written.rsplit(" b/", 1)[-1] if " b/" in written else half or written
    return name.strip('"')


def _headline(files: list[_File]) -> str:
    added, removed = sum(one.added for one in files), sum(one.removed for one in files)
    size = f"+{added:,} \u2212{removed:,} lines"
    if len(files) == 1:
        [file] = files
        name = quoted(file.name) if file.name else "one file, whose name is not selected"
        origin = f" from {quoted(file.old_name)}" if file.old_name else ""
        verb = "Changes" if file.state == "changed" else {
            "added": "Adds", "deleted": "Deletes", "renamed": "Renames", "copied": "Copies",
        }[file.state]  # fmt: skip
        within = f" in {_touched(file)}" if file.touched else ""
        how = "binary" if file.is_binary else size
        if file.state in {"renamed", "copied"}:
            return f"{verb} {quoted(file.old_name)} to {name} ({how}){within}."
        return f"{verb} {name}{origin} ({how}){within}."
    states = {state: sum(one.state == state for one in files) for state in _VERBS}
    (first, number), *others = [
        (verb, states[state]) for state, verb in _VERBS.items() if states[state]
    ]
    verbs = listed([f"{first} {counted(number, 'file')}", *(f"{verb} {n}" for verb, n in others)])
    binary = sum(one.is_binary for one in files)
    more = f", {binary} of them binary" if binary else ""
    most = max(files, key=lambda one: one.added + one.removed)
    most_changed = f", most in {quoted(most.name)}" if most.name and added + removed else ""
    return f"{verbs[0].upper()}{verbs[1:]}{more} ({size}{most_changed})."


_VERBS = {
    "changed": "changes",
    "added": "adds",
    "deleted": "deletes",
    "renamed": "renames",
    "copied": "copies",
}


def _fact(file: _File) -> Fact:
    name = quoted(file.name) if file.name else "a file whose name is not selected"
    size = "binary" if file.is_binary else f"+{file.added:,} \u2212{file.removed:,}"
    state = "" if file.state == "changed" else f"{file.state}, "
    if file.old_name:
        state = f"{file.state} from {quoted(file.old_name)}, "
    within = f", in {_touched(file)}" if file.touched else ""
    return Fact(name, file.line, f"{state}{size}{within}")


def _touched(file: _File) -> str:
    names = list(file.touched)
    left = len(names) - _MAX_DEFINITIONS
    shown = [quoted(name, 60) for name in names[:_MAX_DEFINITIONS]]
    return listed([*shown, f"{left} more"] if left > 0 else shown)
