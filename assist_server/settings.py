"""The settings: names, types, limits, defaults and descriptions."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

_OUTSIDE_PROJECTS: JsonDict = {"settable_by_project": False}
"""Marks settings that a cloned project must not change: what is loaded, where text goes."""


def _below_folder(path: str, info: ValidationInfo) -> str:
    """Make a path absolute: `~` is the home folder, others start at the validation context."""
    expanded = os.path.expanduser(path)  # noqa: PTH111 - Path's raises where no home is known
    return path and str(Path(info.context or "", expanded).absolute())


def _path_or_name(model: str, info: ValidationInfo) -> str:
    """Make the path of a model's folder or file absolute; return any other name unchanged.

    Only the spelling decides. A folder that has the name of a hub id, which a cloned repository
    could contain, is not used as the model.
    """
    is_path = model.startswith((".", "~")) or Path(model).is_absolute()
    return _below_folder(model, info) if is_path else model


_NewTokens = Annotated[int, Field(ge=1, le=1024)]
_Minutes = Annotated[float, Field(ge=0, le=100_000)]
_PromptTokens = Annotated[int, Field(ge=64, le=131_072)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class CompletionSettings(_Section):
    """Inline completion."""

    enabled: bool = Field(default=True, description="Offer completions.")
    trigger: Literal["automatic", "invoked"] = Field(
        default="automatic", description="Offer completions while you type, or only on request."
    )
    languages: dict[str, bool] = Field(
        default={},
        description="Language ids and file globs for which completions are on (`true`) or off "
        "(`false`); the most specific match decides, or else whether the model knows the "
        "language.",
    )
    multi_line: Literal["auto", "never", "always"] = Field(
        default="auto",
        description="Allow completions of several lines; `auto` decides by the code.",
    )
    min_confidence: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.2,
        description="Hide a completion less likely than this to be right, unless you ask for it; "
        "for calibrated models, such as the embedded one.",
    )
    menu: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Add an item to the completion menu; `auto` does so only in editors without "
        "ghost text.",
    )
    max_latency_ms: Annotated[int, Field(ge=50, le=600_000)] = Field(
        default=2000,
        description="Time limit of a completion, in milliseconds; what is ready by then is shown.",
    )
    max_new_tokens: _NewTokens = Field(
        default=64, description="Maximum length of a completion of several lines, in tokens."
    )
    max_new_tokens_single_line: _NewTokens = Field(
        default=32, description="Maximum length of a completion of one line, in tokens."
    )
    max_prompt_tokens: _PromptTokens = Field(
        default=896, description="Maximum length of the prompt of a completion, in tokens."
    )
    prefix_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.75,
        description="Share of the prompt for the text before the cursor if the text on both sides "
        "is longer than fits; otherwise each side may use what the other leaves.",
    )
    temperature: Annotated[float, Field(ge=0, le=2)] = Field(
        default=0.0, description="Randomness; 0 always takes the most likely token."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0,
        description="Sample from the most likely tokens that together reach this probability.",
    )
    predict_next: bool = Field(
        default=True,
        description="Prefetch during pauses: the prompt, and the completion after the one shown.",
    )
    model_wait_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=5000, description="Maximum wait for a model that is loading, in milliseconds."
    )


class DocumentationSettings(_Section):
    """Docstrings and documentation comments."""

    style: Literal["auto", "google", "numpy", "sphinx", "epytext", "plain"] = Field(
        default="auto", description="Docstring convention; `auto` follows the file."
    )
    line_length: Annotated[int, Field(ge=40, le=400)] = Field(
        default=88, description="Maximum length of a docstring line, in characters."
    )
    unknown: Literal["todo", "omit"] = Field(
        default="todo",
        description="What neither code nor model tells: `todo` leaves a placeholder, a tab stop in "
        "editors that can show one; `omit` leaves the entry out.",
    )
    include_private: bool = Field(
        default=False,
        description="Include private definitions when all of a file is documented.",
    )
    hints: bool = Field(
        default=False,
        description="Show hints where documentation no longer fits its definition.",
    )
    max_phrase_tokens: _NewTokens = Field(
        default=24,
        description="Maximum length of the phrase for a parameter or return value, in tokens.",
    )


class SummarySettings(_Section):
    """Summaries of selected text."""

    max_new_tokens: _NewTokens = Field(
        default=160, description="Maximum length of a summary, in tokens."
    )
    max_prompt_tokens: _PromptTokens = Field(
        default=768,
        description="Maximum length of the text in one prompt, in tokens; a longer selection is "
        "summarized in parts.",
    )


class RemoteSettings(_Section):
    """A server that runs the model instead of this process."""

    url: str = Field(
        default="",
        description="Address of a server, such as `http://127.0.0.1:8080`, to which your text goes "
        "and whose model is used instead of `model`; empty for none.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    used_for: Literal["everything", "text"] = Field(
        default="everything",
        description="Work that goes to the server: `everything`, or only `text`, which is "
        "summaries and tasks; `model` does the rest in this process.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    model: str = Field(
        default="",
        description="Name of the model on the server; empty for the only one.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    api: Literal["auto", "llama-server", "vllm", "openai"] = Field(
        default="auto",
        description="Interface of the server: llama.cpp's own, vLLM's, or OpenAI's, which Ollama "
        "and others have; `auto` asks the server.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    key_variable: str = Field(
        default="",
        description="Name of the environment variable that holds the server's API key; empty for "
        "no key.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    key_in_keyring: bool = Field(
        default=False,
        description="Read the API key from the system's keyring, where `assist-server key set URL` "
        "stores it, unless `key_variable` names a variable.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    timeout_ms: Annotated[int, Field(ge=100, le=600_000)] = Field(
        default=60_000,
        description="Maximum wait for the server's next piece of an answer, in milliseconds.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    allow_insecure: bool = Field(
        default=False,
        description="Allow plain `http` to another machine, where the network can read your text.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )


class TaskSettings(_Section):
    """Tasks for a chat model."""

    max_prompt_tokens: _PromptTokens = Field(
        default=3072,
        description="Maximum length of the prompt of a task, in tokens; what the text leaves of it "
        "is for the document around it.",
    )


class LogSettings(_Section):
    """The server's log."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Minimum severity of logged messages."
    )
    file: Annotated[str, AfterValidator(_below_folder)] = Field(
        default="",
        description="File to append the log to; empty for standard error.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    include_source_text: bool = Field(
        default=False,
        description="Include the text of completions in the log, at level `debug`.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )


class Settings(_Section):
    """All settings."""

    model: Annotated[str, AfterValidator(_path_or_name)] = Field(
        default="embedded",
        min_length=1,
        description="`embedded`, a folder, a GGUF file (`~/models/name.gguf`), or the id of a "
        "model on the Hugging Face hub, with a quantization for GGUF (`org/name:Q4_K_M`) or a "
        "revision (`org/name@v1.0`).",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    text_model: Annotated[str, AfterValidator(_path_or_name)] = Field(
        default="",
        description="Another model for summaries and tasks, spelled like `model` and loaded on "
        "first use if it fits the memory; if empty, `model` or the server of `remote.url` does "
        "them.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(
        default="auto", description="Device that runs the model; `auto` uses a GPU if there is one."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16", "int8", "int4"] = Field(
        default="auto",
        description="Number format of the weights; `auto` chooses by the device, the processor, "
        "the model and the free memory.",
    )
    drafts: Literal["ngram", "off"] = Field(
        default="ngram",
        description="Speculative decoding: `ngram` drafts tokens from the open documents.",
    )
    fim_template: str = Field(
        default="auto",
        min_length=1,
        description="Infilling prompt format; `auto` uses that of the model.",
    )
    unload_after_minutes: _Minutes = Field(
        default=0,
        description="Remove the model from memory after this time without requests, until the next "
        "one; 0 for never.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    idle_exit_minutes: _Minutes = Field(
        default=10,
        description="Time for which the server that your windows share stays after the last one "
        "was closed.",
        json_schema_extra=_OUTSIDE_PROJECTS,
    )
    completion: CompletionSettings = CompletionSettings()
    documentation: DocumentationSettings = DocumentationSettings()
    summary: SummarySettings = SummarySettings()
    tasks: TaskSettings = TaskSettings()
    remote: RemoteSettings = RemoteSettings()
    log: LogSettings = LogSettings()

    def for_text(self) -> "Settings":
        """Return the settings whose model is that for summaries and tasks."""
        changes: dict[str, object] = {}
        if self.text_model:
            changes = {"model": self.text_model, "text_model": "", "remote": RemoteSettings()}
        elif self.remote.url:
            changes = {"remote": self.remote.model_copy(update={"used_for": "everything"})}
        return self.model_copy(update=changes)


@cache
def sections() -> dict[str, type[BaseModel]]:
    """Return the tables of settings by name; the table "" holds the top-level settings."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    tables = {name: type(table) for name, table in defaults.items() if isinstance(table, _Section)}
    return {"": Settings, **tables}


@cache
def setting_fields() -> dict[str, FieldInfo]:
    """Return every setting by its dotted name, in the order of definition."""
    tables = sections()
    return {
        f"{table}.{name}".lstrip("."): field
        for table, model in tables.items()
        for name, field in model.model_fields.items()
        if table or name not in tables
    }


def is_settable_by_project(field: FieldInfo) -> bool:
    """Return whether a project's own file may change a setting."""
    return field.json_schema_extra != _OUTSIDE_PROJECTS


def allowed_values(field: FieldInfo) -> str:
    """Describe the values that a setting accepts."""
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
