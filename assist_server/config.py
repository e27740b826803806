"""The settings, and how they are read from files and editors.

Layers, the weakest first: the defaults, the user's file, the project's file, and what the caller
adds: initialization options, editor configuration, command-line flags. Whatever cannot be used
becomes a problem for the user to read; the rest of its layer still counts.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

PROJECT_FILE = ".assist.toml"
PYPROJECT_TABLE = "assist-server"

_OUTSIDE_PROJECTS: JsonDict = {"settable_by_project": False}
"""Marks what code from elsewhere must not decide: what is loaded, written and logged."""

_SHOWN_CHARS, _KEY_CHARS = 40, 80


def _below_folder(path: str, info: ValidationInfo) -> str:
    """`path` made absolute: `~` is the home folder, the validation context is where it begins."""
    expanded = os.path.expanduser(path)  # noqa: PTH111 - Path's raises where no home is known
    return path and str(Path(info.context or "", expanded).absolute())


def _folder_or_name(model: str, info: ValidationInfo) -> str:
    """A model's folder made absolute; any other name as it is.

    Only the spelling decides: a folder that happens to be called like a hub id, as a cloned
    repository could bring one along, is not taken for the model.
    """
    is_folder = model.startswith((".", "~")) or Path(model).is_absolute()
    return _below_folder(model, info) if is_folder else model


_NewTokens = Annotated[int, Field(ge=1, le=1024)]
_PromptTokens = Annotated[int, Field(ge=64, le=131_072)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class CompletionSettings(_Section):
    """Completion while typing."""

    enabled: bool = Field(default=True, description="Whether completions are offered at all.")
    trigger: Literal["automatic", "invoked"] = Field(
        default="automatic", description="Answer while you type, or only when you ask."
    )
    max_new_tokens: _NewTokens = Field(
        default=64, description="Longest completion of several lines, in tokens."
    )
    max_new_tokens_single_line: _NewTokens = Field(
        default=32, description="Longest completion of one line, in tokens."
    )
    max_prompt_tokens: _PromptTokens = Field(
        default=896, description="Most tokens of code that the model reads for a completion."
    )
    prefix_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.75,
        description="Prompt share for text before the cursor; the other side gets what is unused.",
    )
    temperature: Annotated[float, Field(ge=0, le=2)] = Field(
        default=0.0, description="Randomness of the text; 0 always takes the likeliest token."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0,
        description="Draw from the likeliest tokens that together reach this probability.",
    )
    multi_line: Literal["auto", "never", "always"] = Field(
        default="auto", description="Allow several lines; `auto` looks at the code."
    )
    max_latency_ms: Annotated[int, Field(ge=50, le=600_000)] = Field(
        default=2000,
        description="Longest time for a completion, in milliseconds; what is ready then is shown.",
    )
    predict_next: bool = Field(
        default=True, description="While you read a completion, prepare the one behind it."
    )
    model_wait_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=5000, description="Longest wait for a loading model, in milliseconds."
    )
    menu: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Fill the ordinary menu as well; `auto` if there is no inline completion.",
    )


class DocumentationSettings(_Section):
    """Docstrings and documentation comments."""

    style: Literal["auto", "google", "numpy", "sphinx", "epytext", "plain"] = Field(
        default="auto", description="Docstring convention; `auto` follows the file."
    )
    line_length: Annotated[int, Field(ge=40, le=400)] = Field(
        default=88, description="Longest line of a docstring, in characters."
    )
    max_phrase_tokens: _NewTokens = Field(
        default=24, description="Longest phrase for a parameter or return value, in tokens."
    )


class SummarySettings(_Section):
    """Summaries of selected text."""

    max_new_tokens: _NewTokens = Field(default=160, description="Longest summary, in tokens.")
    max_prompt_tokens: _PromptTokens = Field(
        default=768, description="Most tokens of a selection that the model reads at a time."
    )


class LogSettings(_Section):
    """What the server writes about itself."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe message that is logged."
    )
    file: Annotated[str, AfterValidator(_below_folder)] = Field(
        default="",
        description="File that the log is appended to; empty for standard error.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    include_source_text: bool = Field(
        default=False,
        description="Whether the log may hold completions, at level `debug`.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )


class Settings(_Section):
    """Everything that a user may decide."""

    model: Annotated[str, AfterValidator(_folder_or_name)] = Field(
        default="embedded",
        min_length=1,
        description="`embedded`, a folder, or the id of a model on the Hugging Face hub.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    fim_template: str = Field(
        default="auto",
        min_length=1,
        description="Name of the infilling prompt format; `auto` takes the one of the model.",
    )
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(
        default="auto", description="Where the model runs; `auto` takes a GPU if there is one."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        default="auto", description="Number format of the weights; `auto` suits the device."
    )
    completion: CompletionSettings = CompletionSettings()
    documentation: DocumentationSettings = DocumentationSettings()
    summary: SummarySettings = SummarySettings()
    log: LogSettings = LogSettings()


@dataclass(frozen=True)
class Layer:
    """Settings from one place, unchecked."""

    source: str
    """Name for the user: a path, `initializationOptions`, ..."""
    values: object
    """Any JSON-like value; usable is a mapping, nested or with dotted keys, where None is unset."""
    folder: Path | None = None
    """Where relative paths begin; None for the working directory."""
    is_project: bool = False
    """Whether the values came along with the code, and so may not set everything."""


@dataclass(frozen=True)
class SettingProblem:
    """Something in a layer that cannot be used."""

    source: str
    key: str
    """Dotted name of the setting; empty where the whole source is meant."""
    message: str
    """One sentence that says what to do."""


Problems = tuple[SettingProblem, ...]


def sections() -> dict[str, type[BaseModel]]:
    """The tables of the settings by name; the table "" holds the top-level settings."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    tables = {name: type(table) for name, table in defaults.items() if isinstance(table, _Section)}
    return {"": Settings, **tables}


def setting_fields() -> dict[str, FieldInfo]:
    """Every single setting by its dotted name, in the order of their definition."""
    tables = sections()
    return {
        f"{table}.{name}".lstrip("."): field
        for table, model in tables.items()
        for name, field in model.model_fields.items()
        if table or name not in tables
    }


def is_settable_by_project(field: FieldInfo) -> bool:
    """Whether a file that comes with the code may decide this setting."""
    return field.json_schema_extra != _OUTSIDE_PROJECTS


def allowed_values(field: FieldInfo) -> str:
    """What a setting accepts, in words."""
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(json.dumps(value) for value in get_args(field.annotation))
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    limits = {"ge": "from {}", "gt": "above {}", "le": "up to {}", "min_length": "(not empty)"}
    words = [
        limit.format(getattr(constraint, name))
        for constraint in field.metadata
        for name, limit in limits.items()
        if hasattr(constraint, name)
    ]
    return " ".join([kinds[cast("type", field.annotation)], *words])


def user_file_path() -> Path:
    """Where the user's own settings lie on this system."""
    return platformdirs.user_config_path("assist-server", appauthor=False) / "config.toml"


def merge_layers(layers: Sequence[Layer]) -> tuple[Settings, Problems]:
    """Lay `layers`, the weakest first, over the defaults; never raises."""
    merged: dict[str, object] = {}
    problems: list[SettingProblem] = []
    for layer in layers:
        values, advice = _usable_values(layer)
        merged |= values
        problems += [
            SettingProblem(layer.source, key, text) for key, text in advice.items() if text
        ]
    return Settings.model_validate(_nested(merged)), tuple(problems)


def read_settings(root: Path | None, overrides: Sequence[Layer] = ()) -> tuple[Settings, Problems]:
    """The settings of a workspace: the user's file, the project's file, then `overrides`."""
    user, user_problems = read_user_layer()
    project, project_problems = read_project_layer(root) if root else (None, ())
    layers = [layer for layer in (user, project, *overrides) if layer]
    settings, problems = merge_layers(layers)
    return settings, (*user_problems, *project_problems, *problems)


def read_user_layer() -> tuple[Layer | None, Problems]:
    """The user's own file, None where there is none that can be read."""
    path = user_file_path()
    values, problems = _read_toml(path)
    return None if values is None else Layer(str(path), values, path.parent), problems


def read_project_layer(root: Path) -> tuple[Layer | None, Problems]:
    """The file of the project at `root`: `.assist.toml`, or else its table in `pyproject.toml`."""
    path, pyproject = root / PROJECT_FILE, root / "pyproject.toml"
    own, own_problems = _read_toml(path)
    shared, shared_problems = _read_toml(pyproject)
    tool = (shared or {}).get("tool")
    table = tool.get(PYPROJECT_TABLE) if isinstance(tool, Mapping) else None
    problems = own_problems + shared_problems
    if own is None:
        layer = Layer(f"{pyproject} [tool.{PYPROJECT_TABLE}]", table, root, is_project=True)
        return None if table is None else layer, problems
    if table is not None:
        message = f"Move [tool.{PYPROJECT_TABLE}] to {path}, which is used in its place."
        problems += (SettingProblem(str(pyproject), "", message),)
    return Layer(str(path), own, root, is_project=True), problems


def _read_toml(path: Path) -> tuple[dict[str, object] | None, Problems]:
    """The content of a file, None where it does not exist or has a problem."""
    text = ""
    try:
        content = _read_regular(path)
        if content is None:
            return None, ()
        text = content.decode("utf-8-sig")
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


def _read_regular(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none."""
    if not path.exists():
        return None
    if not path.is_file():
        raise OSError("not a regular file")  # to open a pipe would be to wait for its writer
    return path.read_bytes()


def _place(text_before: str) -> str:
    """Line and column, counted from 1, of what follows a text."""
    *_, last = lines = text_before.split("\n")
    return f"line {len(lines)}, column {len(last) + 1}"


def _usable_values(layer: Layer) -> tuple[dict[str, object], dict[str, str]]:
    """Valid values of a layer with their paths made absolute, and advice about the other keys."""
    given = dict(_flattened(layer.values))
    advice = {key: _advice_on_key(key, given[key], is_project=layer.is_project) for key in given}
    known = {key: value for key, value in given.items() if not advice[key]}
    advice |= _advice_on_values(known, layer.folder)
    valid = {key: value for key, value in known.items() if not advice[key]}
    settings = Settings.model_validate(_nested(valid), context=layer.folder)
    return dict(_flattened(settings.model_dump(exclude_unset=True))), advice


def _advice_on_key(key: str, value: object, *, is_project: bool) -> str:
    """What to do about a key that a layer may not set, empty where it may."""
    fields, tables = setting_fields(), sections()
    if key in fields:
        is_allowed = is_settable_by_project(fields[key]) or not is_project
        advice = f"Move `{key}` to {user_file_path()}: a project may not decide it."
        return "" if is_allowed else advice
    if key in tables:
        name = f"`{key}`" if key else "this"
        return f"Make {name} a table of settings; it is {_described(value)}."
    nearest = _nearest(key, [*fields, *tables])
    advice = f"Write `{nearest}` for" if nearest else "Remove"
    return f"{advice} `{key}`, which is not a setting."


def _advice_on_values(values: Mapping[str, object], folder: Path | None) -> dict[str, str]:
    """What to do about values of a wrong type or size."""
    fields = setting_fields()
    try:
        Settings.model_validate(_nested(values), context=folder)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        wrong = [".".join(map(str, details["loc"])) for details in errors]
        return {
            key: f"Set `{key}` to {allowed_values(fields[key])}; it is {_described(values[key])}."
            for key in wrong
        }
    return {}


def _flattened(values: object, table: str = "") -> Iterator[tuple[str, object]]:
    """Dotted keys and values, unset ones left out; what should be a table comes as one value."""
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
    """Dotted keys as tables."""
    tree: dict[str, object] = {}
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        branch = cast("dict[str, object]", tree.setdefault(table, {})) if table else tree
        branch[name] = value
    return tree


def _nearest(key: str, known: Sequence[str]) -> str:
    """The known key that somebody who wrote `key` may have meant, empty if there is none."""
    names = {name.rpartition(".")[2]: name for name in reversed(known)} | {k: k for k in known}
    near = difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.7)
    return names[near[0]] if near else ""


def _described(value: object) -> str:
    """The type of a value, and a short value itself."""
    kinds = {bool: "the truth value", int: "the whole number", float: "the number"}
    kinds |= {str: "the string", dict: "a table", list: "a list"}
    kind = kinds.get(type(value), "a value of another type")
    if kind.startswith("a "):
        return kind
    # hex: Python refuses to print all the decimal digits of a huge number
    shown = hex(value) if type(value) is int and value.bit_length() > 64 else json.dumps(value)
    return f"{kind} {shown if len(shown) <= _SHOWN_CHARS else shown[:_SHOWN_CHARS] + '...'}"
