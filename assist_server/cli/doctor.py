"""`assist-server doctor`: check the installation, the settings and the model."""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console

from assist_server import __version__
from assist_server.cli.inputs import FLAGS, open_model
from assist_server.config import Layer, SettingProblem, read_settings, user_file_path
from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend, ModelChoice, ModelInfo
from assist_server.errors import AssistError, printable
from assist_server.features.infilling import choose_model_template
from assist_server.features.inline_completion import complete
from assist_server.features.tasks.run import NO_CHAT_MODEL
from assist_server.prompts.fim import LEFT_TO_RIGHT
from assist_server.settings import Settings
from assist_server.syntax.languages import LANGUAGES
from assist_server.syntax.parser import SyntaxTree

_T = TypeVar("_T")
_PACKAGES = ("torch", "transformers", "tokenizers", "pygls", "lsprotocol", "tree-sitter")
_SAMPLE = "def add(a, b):\n    return "


class Verdict(StrEnum):
    """Result of a check."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Check:
    """A check and its result."""

    name: str
    verdict: Verdict
    detail: str
    """The finding, and for warnings and errors the remedy."""


def run_doctor(flags: Mapping[str, object], *, as_json: bool) -> int:
    """Print every check; return 1 if one of them is an error, else 0."""
    settings, problems = read_settings(Path.cwd(), [Layer(FLAGS, dict(flags))])
    checks = [_python(), *_packages(), _grammars()]
    found = "the other settings are used" if problems else "no problems"
    checks.append(Check("settings", Verdict.OK, f"{found}; the user's file: {user_file_path()}"))
    checks += [
        Check("settings", _severity(problem), f"{problem.message} ({problem.source})")
        for problem in problems
    ]
    checks += _model(settings)
    if ModelChoice.of(settings.for_text()) != ModelChoice.of(settings):
        checks += _text_model(settings.for_text())
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks]))
    else:
        _print(checks)
    return int(any(check.verdict is Verdict.ERROR for check in checks))


def _severity(problem: SettingProblem) -> Verdict:
    """Return an error for an invalid flag, a warning for other settings, which are ignored."""
    return Verdict.ERROR if problem.source == FLAGS else Verdict.WARNING


def _print(checks: list[Check]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    colours = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.ERROR: "red"}
    for check in checks:
        colour = colours[check.verdict]
        console.print(f"[{colour}]{check.verdict:>7}[/]  [bold]{check.name}[/]: ", end="")
        console.print(printable(check.detail), markup=False)


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.platform()} ({sys.executable})"
    return Check("python", Verdict.OK, found)


def _packages() -> Iterator[Check]:
    yield Check("assist-server", Verdict.OK, __version__)
    for name in _PACKAGES:
        try:
            yield Check(name, Verdict.OK, version(name))
        except PackageNotFoundError:
            advice = "not installed; install assist-server again with its dependencies"
            yield Check(name, Verdict.ERROR, advice)


def _grammars() -> Check:
    broken = []
    for language in LANGUAGES:
        try:
            SyntaxTree("", language)
        except Exception as error:  # noqa: BLE001 - any failure of a grammar is reported
            broken.append(f"{language.id} ({type(error).__name__})")
    if broken:
        advice = f"cannot be used: {', '.join(broken)}; install assist-server again"
        return Check("grammars", Verdict.ERROR, advice)
    return Check("grammars", Verdict.OK, ", ".join(language.id for language in LANGUAGES))


def _model(settings: Settings) -> Iterator[Check]:
    try:
        backend, seconds = _timed(lambda: open_model(settings))
    except AssistError as error:
        yield Check("model", Verdict.ERROR, str(error))
        return
    info = backend.info
    yield Check("model", Verdict.OK, _opened(info, seconds))
    yield Check("device", Verdict.OK, "; ".join((*info.plan.reasons, *info.plan.memory_steps)))
    yield from _infilling(backend, settings)
    backend.close()


def _text_model(settings: Settings) -> Iterator[Check]:
    """Check the model for summaries and tasks, where it is another one."""
    try:
        backend, seconds = _timed(lambda: open_model(settings))
    except AssistError as error:
        yield Check("text model", Verdict.ERROR, str(error))
        return
    yield Check("text model", Verdict.OK, _opened(backend.info, seconds))
    if not backend.info.has_chat_template:
        yield Check("tasks", Verdict.WARNING, NO_CHAT_MODEL)
    backend.close()


def _opened(info: ModelInfo, seconds: float) -> str:
    parameters = f"{info.parameters / 1e6:,.1f} million parameters, "
    size = f"{parameters if info.parameters else ''}{info.context_tokens} tokens"
    how = f"connected to {info.host}" if info.host else "loaded"
    return f"{info.name}: {size}, {how} in {seconds:.1f} s"


def _infilling(backend: Backend, settings: Settings) -> Iterator[Check]:
    try:
        template = choose_model_template(backend, settings)
        context = CursorContext(Snapshot("doctor:", "sample.py", _SAMPLE), len(_SAMPLE))
        completion, seconds = _timed(lambda: complete(context, backend, settings))
    except AssistError as error:
        yield Check("completion", Verdict.ERROR, str(error))
        return
    if template is LEFT_TO_RIGHT:
        what = "server or its tokenizer" if backend.info.host else "tokenizer"
        advice = (
            f"the {what} has no known infilling tokens, so the model does not see the text "
            "after the cursor; choose a model trained to infill, or set `fim_template`"
        )
        yield Check("infilling", Verdict.WARNING, advice)
    else:
        yield Check("infilling", Verdict.OK, template.family)
    speed = f"{completion.new_tokens} tokens in {seconds * 1000:.0f} ms"
    yield Check("completion", Verdict.OK, speed)


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started
