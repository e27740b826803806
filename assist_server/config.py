"""Settings from files and editors.

Layers, the weakest first: the defaults, the user's file, the project's file, and those of the
caller: initialization options, editor configuration, command-line flags. Invalid values become
problems that are reported to the user; the rest of their layer is used.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import platformdirs
from pydantic import ValidationError

from assist_server.errors import printable
from assist_server.settings import (
    Settings,
    allowed_values,
    is_settable_by_project,
    sections,
    setting_fields,
)

PROJECT_FILE = ".assist.toml"
PYPROJECT_TABLE = "assist-server"

_SHOWN_CHARS, _KEY_CHARS = 40, 80
_MAX_FILE_BYTES = 64 * 1024
_MAX_NAMES_IN_KEY = 100
_NAME = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
_DEEP_KEY = re.compile(rf"(?<![\w\-\\]){_NAME}(?:\.[ \t]*+{_NAME}){{{_MAX_NAMES_IN_KEY}}}")
"""Matches keys of very many names; `tomllib` takes seconds for thousands."""
_MAX_PROBLEMS = 10
_MAX_SHOWN = 3
_TWO_TEXT_MODELS = (
    "Remove `text_model`, and the server does summaries and tasks, or `remote.url`: each names a "
    "model for them; `text_model` is used, and nothing goes to the server."
)


@dataclass(frozen=True)
class Layer:
    """Settings from one place, unchecked."""

    source: str
    """Name for the user: a path, `initializationOptions`, ..."""
    values: object
    """Any JSON-like value; valid is a mapping, nested or with dotted keys, where None is unset."""
    folder: Path | None = None
    """Base of relative paths; None for the working directory."""
    is_project: bool = False
    """True if the values come with the code, which may not change every setting."""


@dataclass(frozen=True)
class SettingProblem:
    """Something invalid in a layer."""

    source: str
    key: str
    """Dotted name of the setting; empty for the whole source."""
    message: str
    """One sentence with the remedy."""

    def __post_init__(self) -> None:
        """Escape control characters, which files and their names may contain."""
        for name in ("source", "key", "message"):
            object.__setattr__(self, name, printable(getattr(self, name)))


Problems = tuple[SettingProblem, ...]


def summarized(problems: Iterable[SettingProblem]) -> list[str]:
    """Return one message for each source of problems."""
    by_source: dict[str, list[str]] = {}
    for problem in problems:
        by_source.setdefault(problem.source, []).append(problem.message)
    return [_summary(source, messages) for source, messages in by_source.items()]


def _summary(source: str, messages: Sequence[str]) -> str:
    shown = " ".join(messages[:_MAX_SHOWN])
    more = " There are more problems." if len(messages) > _MAX_SHOWN else ""
    return f"{shown}{more} ({source})"


def user_file_path() -> Path:
    """Return the path of the user's settings on this system."""
    return platformdirs.user_config_path("assist-server", appauthor=False) / "config.toml"


def merge_layers(layers: Sequence[Layer]) -> tuple[Settings, Problems]:
    """Merge `layers`, the weakest first, over the defaults; never raises."""
    merged: dict[str, object] = {}
    sources: dict[str, str] = {}
    problems: list[SettingProblem] = []
    for layer in layers:
        values, advice = _usable_values(layer)
        merged |= values
        sources |= dict.fromkeys(values, layer.source)
        problems += _problems(layer.source, advice)
    settings = Settings.model_validate(_nested(merged))
    if settings.text_model and settings.remote.url and settings.remote.used_for == "text":
        problems.append(SettingProblem(sources["text_model"], "text_model", _TWO_TEXT_MODELS))
    return settings, tuple(problems)


def _problems(source: str, advice: Mapping[str, str]) -> Iterator[SettingProblem]:
    """Yield the first problems of a layer, and the number of the others."""
    wrong = [key for key, text in advice.items() if text]
    for key in wrong[:_MAX_PROBLEMS]:
        yield SettingProblem(source, key, advice[key])
    if len(wrong) > _MAX_PROBLEMS:
        message = f"Correct {len(wrong) - _MAX_PROBLEMS} more settings, which are invalid, too."
        yield SettingProblem(source, "", message)


def read_settings(root: Path | None, overrides: Sequence[Layer] = ()) -> tuple[Settings, Problems]:
    """Return the settings of a workspace: the user's file, the project's, then `overrides`."""
    user, user_problems = read_user_layer()
    project, project_problems = read_project_layer(root) if root else (None, ())
    layers = [layer for layer in (user, project, *overrides) if layer]
    settings, problems = merge_layers(layers)
    return settings, (*user_problems, *project_problems, *problems)


def read_user_layer() -> tuple[Layer | None, Problems]:
    """Return the user's file; None if there is none that can be read."""
    path = user_file_path()
    values, problems = _read_toml(path)
    return None if values is None else Layer(str(path), values, path.parent), problems


def read_project_layer(root: Path) -> tuple[Layer | None, Problems]:
    """Return the project's file at `root`: `.assist.toml`, else the table in `pyproject.toml`."""
    path, pyproject = root / PROJECT_FILE, root / "pyproject.toml"
    own, own_problems = _read_toml(path)
    shared, shared_problems = _read_toml(pyproject, f"[tool.{PYPROJECT_TABLE}")
    tool = (shared or {}).get("tool")
    table = tool.get(PYPROJECT_TABLE) if isinstance(tool, Mapping) else None
    problems = own_problems + shared_problems
    if own is None:
        layer = Layer(f"{pyproject} [tool.{PYPROJECT_TABLE}]", table, root, is_project=True)
        return None if table is None else layer, problems
    if table is not None:
        message = f"Move [tool.{PYPROJECT_TABLE}] to {path}, which is used instead."
        problems += (SettingProblem(str(pyproject), "", message),)
    return Layer(str(path), own, root, is_project=True), problems


def _read_toml(path: Path, marker: str = "") -> tuple[dict[str, object] | None, Problems]:
    """Return the content of a file; None if it does not exist or has a problem.

    A file that is too long is a problem only if it contains the `marker`.
    """
    text = ""
    try:
        content = _read_regular(path)
        if content is None or (_is_long(content) and marker.encode() not in content):
            return None, ()
        _check_length(content)
        text = content.decode("utf-8-sig")
        _check_depth(text)
        return tomllib.loads(text), ()
    except OSError as error:
        reason = error.strerror or error
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 (at {_place(error.object[: error.start].decode())})"
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        reason = str(error).replace("at end of document", f"at {_place(text)}")
    return None, (SettingProblem(str(path), "", f"Correct this file, it is ignored: {reason}."),)


def _is_long(content: bytes) -> bool:
    return len(content) > _MAX_FILE_BYTES


def _check_length(content: bytes) -> None:
    if _is_long(content):
        raise ValueError(f"longer than {_MAX_FILE_BYTES // 1024} KB")


def _check_depth(text: str) -> None:
    if (found := _DEEP_KEY.search(text)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise ValueError(f"nested too deeply (at line {line})")


def _read_regular(path: Path) -> bytes | None:
    """Return the bytes of a file up to one more than allowed; None if there is none."""
    if not path.exists():
        return None
    if not path.is_file():
        raise OSError("not a regular file")  # opening a pipe would wait for a writer
    with path.open("rb") as file:
        return file.read(_MAX_FILE_BYTES + 1)


def _place(text_before: str) -> str:
    """Return line and column, counted from 1, of the end of a text."""
    *_, last = lines = text_before.split("\n")
    return f"line {len(lines)}, column {len(last) + 1}"


def _usable_values(layer: Layer) -> tuple[dict[str, object], dict[str, str]]:
    """Return valid values of a layer with absolute paths, and advice about the other keys."""
    given = dict(_flattened(layer.values))
    strange = [key for key in given if key not in setting_fields()]
    detailed = frozenset(strange[:_MAX_PROBLEMS])
    advice = {
        key: _advice_on_key(key, value, is_project=layer.is_project, is_detailed=key in detailed)
        for key, value in given.items()
    }
    known = {key: value for key, value in given.items() if not advice[key]}
    advice |= _advice_on_values(known, layer.folder)
    valid = {key: value for key, value in known.items() if not advice[key]}
    settings = Settings.model_validate(_nested(valid), context=layer.folder)
    return dict(_flattened(settings.model_dump(exclude_unset=True))), advice


def _advice_on_key(key: str, value: object, *, is_project: bool, is_detailed: bool) -> str:
    """Return advice about a key that a layer may not set; empty for a valid key.

    Similar keys are searched only if the advice `is_detailed`, as that is slow.
    """
    fields, tables = setting_fields(), sections()
    if key in fields:
        is_allowed = is_settable_by_project(fields[key]) or not is_project
        advice = f"Move `{key}` to {user_file_path()}: a project may not decide it."
        return "" if is_allowed else advice
    if key in tables:
        name = f"`{key}`" if key else "this"
        return f"Make {name} a table of settings; it is {_described(value)}."
    nearest = _nearest(key, [*fields, *tables]) if is_detailed else ""
    advice = f"Write `{nearest}` for" if nearest else "Remove"
    return f"{advice} `{key}`, which is not a setting."


def _advice_on_values(values: Mapping[str, object], folder: Path | None) -> dict[str, str]:
    """Return advice about values of a wrong type or size."""
    fields = setting_fields()
    try:
        Settings.model_validate(_nested(values), context=folder)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        places = [".".join(map(str, details["loc"])) for details in errors]
        wrong = [key for key in values if any(f"{at}.".startswith(f"{key}.") for at in places)]
        return {
            key: f"Set `{key}` to {allowed_values(fields[key])}; it is {_described(values[key])}."
            for key in wrong
        }
    return {}


def _flattened(values: object, table: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted keys and values without unset ones; an invalid table is one value."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            key = f"{table}.{name}" if table else str(name)[:_KEY_CHARS]
            if key and key in sections():
                yield from _flattened(value, key)
            elif value is not None:
                yield key[:_KEY_CHARS], value
    elif values is not None:
        yield table, values


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    """Return dotted keys as tables."""
    tree: dict[str, object] = {}
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        branch = cast("dict[str, object]", tree.setdefault(table, {})) if table else tree
        branch[name] = value
    return tree


def _nearest(key: str, known: Sequence[str]) -> str:
    """Return the known key nearest to `key`; empty if none is similar."""
    names = {name.rpartition(".")[2]: name for name in reversed(known)} | {k: k for k in known}
    near = difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.7)
    return names[near[0]] if near else ""


def _described(value: object) -> str:
    """Return the type of a value, and the value if short."""
    kinds = {bool: "the Boolean", int: "the whole number", float: "the number"}
    kinds |= {str: "the string", dict: "a table", list: "a list"}
    kind = kinds.get(type(value), "a value of another type")
    if kind.startswith("a "):
        return kind
    # hex: Python refuses to print all decimal digits of a huge number
    shown = hex(value) if type(value) is int and value.bit_length() > 64 else json.dumps(value)
    return f"{kind} {shown if len(shown) <= _SHOWN_CHARS else shown[:_SHOWN_CHARS] + '...'}"
