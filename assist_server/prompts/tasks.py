"""Tasks for chat models, stored as Markdown files with a head in YAML.

Those of this package come first; the user's folder may add others, or replace one by a file of the
same name. A project's files are not read: a cloned project must not instruct a model.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, TypeVar

import yaml

from assist_server.config import user_file_path
from assist_server.errors import InputError, printable

FIELDS = frozenset({"instruction", "kind", "language", "path"})
"""Fields that the body of a task may contain."""

MAX_NEW_TOKENS = 4096
_MAX_FILE_BYTES = 32 * 1024
_MAX_USER_TASKS = 100
_MAX_TITLE_CHARS = 80
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILE = re.compile(r"\ufeff?---[ \t]*\n(.*?\n)---[ \t]*(?:\n(.*))?", re.DOTALL)
_MAX_HEAD_DEPTH = 2
_Choice = TypeVar("_Choice", bound=StrEnum)
_KEYS = ("title", "kinds", "output", "needs", "max_new_tokens")


class Kinds(StrEnum):
    """The kind of text that a task reads and writes."""

    CODE = "code"
    TEXT = "text"
    ANY = "any"
    """Code in a document of code, else text."""


class Output(StrEnum):
    """The use of the answer."""

    REPLACE = "replace"
    INSERT = "insert"
    SHOW = "show"


class Need(StrEnum):
    """The input that a task requires."""

    SELECTION = "selection"
    """A selected text, or the definition or paragraph at the cursor."""
    CURSOR = "cursor"
    """A place in a document."""
    INSTRUCTION = "instruction"
    """Words of the user."""


@dataclass(frozen=True)
class Task:
    """A job for a chat model."""

    name: str
    title: str
    kinds: Kinds
    output: Output
    needs: frozenset[Need]
    max_new_tokens: int
    body: str
    """The instruction, a `string.Template` with some of the `FIELDS`."""

    def instruction(self, fields: Mapping[str, str]) -> str:
        """Return the instruction with its fields filled in."""
        return Template(self.body).substitute(fields).strip()


@dataclass(frozen=True)
class Tasks:
    """All tasks by name, and problems of the user's files, one sentence each."""

    by_name: Mapping[str, Task]
    problems: tuple[str, ...] = ()

    def find(self, name: str) -> Task:
        """Return the task of a name.

        Raises:
            InputError: there is none.
        """
        if name in self.by_name:
            return self.by_name[name]
        about_file = [one for one in self.problems if f"{name}.md" in one]
        known = ", ".join(sorted(self.by_name))
        raise InputError(
            about_file[0] if about_file else f"there is no task {name!r}; the tasks are {known}"
        )


def user_tasks_path() -> Path:
    """Return the folder of the user's tasks, beside the settings file."""
    return user_file_path().with_name("tasks")


def load_tasks(folder: Path | None = None) -> Tasks:
    """Return this package's tasks and those of a folder, by default the user's."""
    found, problems = dict(_own_tasks()), []
    for path in _files_in(folder or user_tasks_path()):
        try:
            task = _load(path)
        except ValueError as error:
            problems.append(printable(f"correct the task {path}, it is ignored: {error}"))
        else:
            found[task.name] = task
    return Tasks(found, tuple(problems))


@cache
def _own_tasks() -> Mapping[str, Task]:
    folder = files("assist_server.prompts") / "tasks"
    texts = {one.name.removesuffix(".md"): one.read_text("utf-8") for one in folder.iterdir()}
    return {name: parse_task(name, texts[name]) for name in sorted(texts)}


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.md"))[:_MAX_USER_TASKS]
    except OSError:
        return []


def _load(path: Path) -> Task:
    try:
        state = path.stat()
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from error
    task = _read(path, (state.st_mtime_ns, state.st_size))
    if isinstance(task, str):
        raise ValueError(task)  # noqa: TRY004 - as all others
    return task


@lru_cache(maxsize=2 * _MAX_USER_TASKS)
def _read(path: Path, state: tuple[int, int]) -> Task | str:  # noqa: ARG001 - key of the cache
    """Return the task of a file, or its problem; a file is read again when it has changed."""
    try:
        return _read_anew(path)
    except ValueError as error:
        return str(error)


def _read_anew(path: Path) -> Task:
    try:
        if not path.is_file():  # opening a pipe would wait for a writer
            raise ValueError("it is not a regular file")
        with path.open("rb") as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from error
    if len(content) > _MAX_FILE_BYTES:
        raise ValueError(f"it is longer than {_MAX_FILE_BYTES // 1024} KB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    return parse_task(path.stem, text)


def parse_task(name: str, text: str) -> Task:
    """Return the task in a file's text.

    Raises:
        ValueError: the text is no task; the message says why, for its author.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("name the file with small letters, digits and hyphens")
    match = _FILE.fullmatch(text.replace("\r\n", "\n"))
    if match is None:
        raise ValueError("begin it with a head between two lines of `---`")
    head, body = _parse_head(match[1]), (match[2] or "").strip()
    needs = frozenset(_needs(head["needs"]))
    _check_body(body, needs)
    return Task(
        name,
        _title(head["title"]),
        _choice(Kinds, "kinds", head["kinds"]),
        _choice(Output, "output", head["output"]),
        needs,
        _count(head["max_new_tokens"]),
        body,
    )


def _parse_head(text: str) -> dict[str, object]:
    try:
        _check_plain(text)
        head = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes texts only
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 2})" if mark else ""
        raise ValueError(f"its head is not valid YAML{place}") from error
    if not isinstance(head, dict):
        raise ValueError(f"write {', '.join(_KEYS)} in its head")  # noqa: TRY004 - as all others
    for key in _KEYS:
        if key not in head:
            raise ValueError(f"add `{key}` to its head")
    for key in head:
        if key not in _KEYS:
            raise ValueError(f"remove `{str(key)[:_MAX_TITLE_CHARS]}` from its head")
    return head


def _check_plain(text: str) -> None:
    """Check that a head is a map of texts and lists of them.

    Tags ask for other values, and deep or repeated values take a time that grows exponentially.

    Raises:
        yaml.YAMLError: it has anything else.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        is_alias = isinstance(event, yaml.AliasEvent)
        if is_alias or depth > _MAX_HEAD_DEPTH or getattr(event, "tag", None):
            mark: Any = event.start_mark  # the types of its two implementations differ
            raise yaml.MarkedYAMLError(problem_mark=mark)


def _title(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TITLE_CHARS:
        raise ValueError(f"`title` is not a text of 1 to {_MAX_TITLE_CHARS} characters")
    return printable(value.strip())


def _choice(values: type[_Choice], key: str, value: object) -> _Choice:
    if not isinstance(value, str) or value not in list(values):
        raise ValueError(f"`{key}` is not one of {', '.join(values)}")
    return values(value)


def _needs(value: object) -> Iterator[Need]:
    if not isinstance(value, list):
        raise ValueError("`needs` is not a list")  # noqa: TRY004 - as all others
    for each in value:
        yield _choice(Need, "needs", each)


def _count(value: object) -> int:
    is_number = isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}", value)
    count = int(str(value)) if is_number else 0
    if not 1 <= count <= MAX_NEW_TOKENS:
        raise ValueError(f"`max_new_tokens` is not a whole number from 1 to {MAX_NEW_TOKENS}")
    return count


def _check_body(body: str, needs: frozenset[Need]) -> None:
    """Check that the fields of a body are known, and that it uses the instruction it needs."""
    template = Template(body)
    if not body:
        raise ValueError("write the instruction for the model below its head")
    if not template.is_valid():
        raise ValueError("a `$` in it begins no field; write `$$` for the sign")
    used = set(template.get_identifiers())
    if used - FIELDS:
        known = ", ".join(f"${name}" for name in sorted(FIELDS))
        raise ValueError(f"`${min(used - FIELDS)}` is no field; the fields are {known}")
    if ("instruction" in used) != (Need.INSTRUCTION in needs):
        raise ValueError("use `$instruction` if, and only if, `needs` has `instruction`")
