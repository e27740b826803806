"""The settings: their names, types, limits, defaults and words."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

_OUTSIDE_PROJECTS: JsonDict = {"settable_by_project": False}
"""Marks what code from elsewhere must not decide: what is loaded, written and logged."""


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
    languages: dict[str, bool] = Field(
        default={},
        description="Where completions are offered: language ids and globs, on (`true`) or off "
        "(`false`), the most specific first; else in the languages that the model knows.",
    )
    multi_line: Literal["auto", "never", "always"] = Field(
        default="auto", description="Allow several lines; `auto` looks at the code."
    )
    min_confidence: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.2,
        description="Least probability of being right at which a completion is shown unasked; "
        "for models that were calibrated, as the embedded one.",
    )
    menu: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Fill the ordinary menu as well; `auto` if there is no inline completion.",
    )
    max_latency_ms: Annotated[int, Field(ge=50, le=600_000)] = Field(
        default=2000,
        description="Longest time for a completion, in milliseconds; what is ready then is shown.",
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
    predict_next: bool = Field(
        default=True,
        description="While you pause, read on and prepare the completion behind the one shown.",
    )
    model_wait_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=5000, description="Longest wait for a loading model, in milliseconds."
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
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(
        default="auto", description="Where the model runs; `auto` takes a GPU if there is one."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        default="auto", description="Number format of the weights; `auto` suits the device."
    )
    drafts: Annotated[str, AfterValidator(_folder_or_name)] = Field(
        default="ngram",
        min_length=1,
        description="What guesses ahead for the model: `ngram` looks up what the open documents "
        "say, `off` does nothing, and a smaller model of the same family can be named.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    fim_template: str = Field(
        default="auto",
        min_length=1,
        description="Name of the infilling prompt format; `auto` takes the one of the model.",
    )
    completion: CompletionSettings = CompletionSettings()
    documentation: DocumentationSettings = DocumentationSettings()
    summary: SummarySettings = SummarySettings()
    log: LogSettings = LogSettings()


@cache
def sections() -> dict[str, type[BaseModel]]:
    """The tables of the settings by name; the table "" holds the top-level settings."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    tables = {name: type(table) for name, table in defaults.items() if isinstance(table, _Section)}
    return {"": Settings, **tables}


@cache
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
    if get_origin(field.annotation) is dict:
        return "a table of names, each `true` or `false`"
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    limits = {"ge": "from {}", "gt": "above {}", "le": "up to {}", "min_length": "(not empty)"}
    words = [
        limit.format(getattr(constraint, name))
        for constraint in field.metadata
        for name, limit in limits.items()
        if hasattr(constraint, name)
    ]
    return " ".join([kinds[cast("type", field.annotation)], *words])
