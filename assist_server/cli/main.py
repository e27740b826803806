"""The commands, their arguments, and nothing else; each verb's module is imported when chosen."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from assist_server import __version__
from assist_server.errors import AssistError, InputError

app = typer.Typer(
    name="assist-server",
    help="A language server that hosts a code model in its own process.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Model = Annotated[
    str | None, typer.Option(help="Model: embedded, a folder, or a hub id.", show_default=False)
]
_Device = Annotated[
    str | None, typer.Option(help="Device: auto, cuda, mps or cpu.", show_default=False)
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
_File = Annotated[Path, typer.Argument(help="Source file.", show_default=False)]
_Line = Annotated[int, typer.Option(help="Line, counted from 1.", show_default=False)]
# Editors' client libraries add it; `initialize` tells the same, so nothing is done with it.
_ClientProcessId = Annotated[int | None, typer.Option("--clientProcessId", hidden=True)]


def main() -> None:
    """Run the command line; errors that a person can act on are one line and exit code 2."""
    try:
        app()
    except AssistError as error:
        print(f"assist-server: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


def _flags(model: str | None, device: str | None) -> dict[str, str]:
    given = {"model": model, "device": device}
    return {name: value for name, value in given.items() if value is not None}


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _default(
    context: typer.Context,
    *,
    stdio: Annotated[bool, typer.Option("--stdio", help="As `serve --stdio`.")] = False,
    client_process_id: _ClientProcessId = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Serve when no command is given."""
    del stdio, client_process_id, version
    if context.invoked_subcommand is None:
        serve()


@app.command()
def serve(  # noqa: PLR0913 - a command line has as many options as it has
    *,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak over standard input and output (the default).")
    ] = False,
    tcp: Annotated[
        str | None, typer.Option(help="Listen on a loopback port: PORT or HOST:PORT.")
    ] = None,
    unix: Annotated[
        Path | None, typer.Option(help="Listen on a socket in a folder of yours alone.")
    ] = None,
    socket: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Connect to a port on which the editor listens."),
    ] = None,
    pipe: Annotated[
        str | None, typer.Option(help="Connect to a socket on which the editor listens.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="What clients of --tcp show; made where missing.", show_default=False),
    ] = None,
    client_process_id: _ClientProcessId = None,
    model: _Model = None,
    device: _Device = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", show_default=False)
    ] = None,
) -> None:
    """Run the language server; editors start it so."""
    del client_process_id
    from assist_server.cli.serve import Endpoint, run_server  # noqa: PLC0415

    if stdio + sum(place is not None for place in (tcp, unix, socket, pipe)) > 1:
        raise InputError("choose one of --stdio, --tcp, --unix, --socket and --pipe")
    if token_file is not None and tcp is None:
        raise InputError("--token-file is for --tcp; leave it out")
    flags: dict[str, object] = {**_flags(model, device)}
    if log_level is not None:
        flags["log"] = {"level": log_level}
    run_server(flags, Endpoint(tcp, unix, socket, pipe, token_file))


@app.command()
def complete(  # noqa: PLR0913 - a command line has as many options as it has
    file: _File,
    line: _Line,
    column: Annotated[int, typer.Option(help="Column, counted from 1.", show_default=False)],
    *,
    model: _Model = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Complete the code at a place in a file."""
    from assist_server.cli.complete import run_complete  # noqa: PLC0415

    run_complete(file, line, column, _flags(model, device), as_json=as_json)


@app.command()
def document(  # noqa: PLR0913 - as above
    file: _File,
    line: _Line,
    *,
    write: Annotated[bool, typer.Option("--write", help="Change the file.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff.")] = False,
    prune: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a parameter that is gone, whose entry is to be removed.",
            show_default=False,
        ),
    ] = None,
    model: _Model = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Write the documentation of the function or class at a line."""
    from assist_server.cli.document import Output, run_document  # noqa: PLC0415

    if write + diff + as_json > 1:
        raise InputError("choose one of --write, --diff and --json")
    output = (
        Output.WRITE if write else Output.DIFF if diff else Output.JSON if as_json else Output.TEXT
    )
    run_document(file, line, _flags(model, device), output, prune or ())


@app.command()
def summarize(
    file: Annotated[Path | None, typer.Argument(help="File; standard input if left out.")] = None,
    *,
    lines: Annotated[
        str | None, typer.Option(help="First and last line, as 10:20.", show_default=False)
    ] = None,
    model: _Model = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Summarize a file, some of its lines, or standard input."""
    from assist_server.cli.summarize import run_summarize  # noqa: PLC0415

    run_summarize(file, lines, _flags(model, device), as_json=as_json)


@app.command()
def doctor(*, model: _Model = None, device: _Device = None, as_json: _Json = False) -> None:
    """Check the installation, the settings and the model, and say how to mend what is wrong."""
    from assist_server.cli.doctor import run_doctor  # noqa: PLC0415

    sys.exit(run_doctor(_flags(model, device), as_json=as_json))


_models = typer.Typer(help="List models, or write one to a folder.")
app.add_typer(_models, name="models")


@_models.callback(invoke_without_command=True)
def models(context: typer.Context, *, as_json: _Json = False) -> None:
    """List the models that are on this machine and the families whose infilling format is known."""
    from assist_server.cli.models import run_models  # noqa: PLC0415

    if context.invoked_subcommand is None:
        run_models(as_json=as_json)


@_models.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the model.")],
    *,
    model: Annotated[
        str, typer.Option(help="Model: embedded, a folder, or a hub id.")
    ] = "embedded",
    packed: Annotated[
        bool, typer.Option("--packed", help="In groups of 4 bits, which only this server loads.")
    ] = False,
) -> None:
    """Write a model to a folder, in bfloat16 as stock transformers loads it."""
    from assist_server.cli.models import run_export  # noqa: PLC0415

    run_export(model, out, is_packed=packed)


@app.command()
def demo() -> None:
    """Play a short editing session against a real server in a subprocess."""
    from assist_server.cli.demo import run_demo  # noqa: PLC0415

    run_demo()


@app.command()
def bench(  # noqa: PLR0913 - as above
    *,
    places: Annotated[
        int | None, typer.Option(min=1, help="Files that are typed in.", show_default="20")
    ] = None,
    characters: Annotated[
        int | None, typer.Option(min=2, max=80, help="Keys at each place.", show_default="40")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure little, to try it out.")] = False,
    seed: Annotated[int, typer.Option(help="Decides which files and places.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a PNG; needs matplotlib.", show_default=False)
    ] = None,
    model: _Model = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Measure how fast a real server in a subprocess answers while somebody types."""
    from assist_server.cli.bench import Output, choose, run_bench  # noqa: PLC0415

    choice = choose(places, characters, seed, is_quick=quick)
    run_bench(_flags(model, device), choice, Output(as_json, plot))


@app.command("eval")
def evaluate(  # noqa: PLR0913 - a command line has as many options as it has
    *,
    repo: Annotated[
        Path | None, typer.Option(help="Code of your own to evaluate on.", show_default=False)
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option(help="Folder made by `pip install --target`.", show_default=False),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="On packages first published in 2025 or later.")
    ] = False,
    infilling: Annotated[
        Path | None,
        typer.Option(help="Benchmark of single lines, as JSON lines.", show_default=False),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="What it was trained on; does it know that by heart?"),
    ] = None,
    beside: Annotated[
        list[str] | None, typer.Option(help="Another model to compare with.", show_default=False)
    ] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="Of each kind.", show_default="100")
    ] = None,
    pieces: Annotated[
        int | None, typer.Option(min=1, help="Typed again.", show_default="20")
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, help="Of the benchmark.", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which files and places.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Evaluate little, to try it out.")] = False,
    model: _Model = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Evaluate how good a model is, on packages that it has not seen or on code of your own."""
    from assist_server.cli.eval import What, choose, run_eval  # noqa: PLC0415

    choice = choose(places, pieces, lines, seed, is_quick=quick)
    run_eval(
        _flags(model, device),
        What(tuple(beside or ()), repo, packages, fresh, infilling, corpus, choice, as_json),
    )


_Out = Annotated[Path, typer.Option(help="Folder for the model.", show_default=False)]
_Time = Annotated[
    str | None, typer.Option(help="Training time in all, as 90m or 2h.", show_default=False)
]
_Tokens = Annotated[
    str | None, typer.Option(help="Tokens in all, as 20M, instead of --time.", show_default=False)
]
_Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in the folder.")]
_Seed = Annotated[int, typer.Option(help="Decides about weights, order and examples.")]


@app.command()
def train(  # noqa: PLR0913 - as above
    out: _Out,
    *,
    size: Annotated[
        str | None, typer.Option(help="toy, small (the default) or base; from nothing.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with a model to begin with, instead of a size."),
    ] = None,
    vocabulary: Annotated[
        str | None, typer.Option(help="Tokens to keep of that model's, such as 24k.")
    ] = None,
    layers: Annotated[
        int | None, typer.Option(help="Layers to keep of that model, the most important ones.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Folder with a corpus, or to build it in.")
    ] = None,
    packages: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with installed packages to learn from, instead of this one's."),
    ] = None,
    standard_library: Annotated[
        bool,
        typer.Option("--standard-library", help="Learn from it as well; with --packages."),
    ] = False,
    answers: Annotated[
        Path | None, typer.Option(help="File of `assist-server answers`, to keep a model's chat.")
    ] = None,
    time: _Time = None,
    tokens: _Tokens = None,
    resume: _Resume = False,
    seed: _Seed = 0,
    device: _Device = None,
) -> None:
    """Train a small model on permissively licensed code of this machine."""
    from assist_server.cli.train import run_train  # noqa: PLC0415
    from assist_server.training.choices import TrainChoice  # noqa: PLC0415
    from assist_server.training.schedule import parse_budget, parse_count  # noqa: PLC0415

    budget = parse_budget(time, tokens)
    folders = tuple(packages) if packages else None
    kept = parse_count(vocabulary, "--vocabulary", "8192 or 24k")
    run_train(
        TrainChoice(
            out, size, corpus, folders, standard_library, start, kept, layers, answers, budget,
            resume, seed, device or "auto",
        )
    )  # fmt: skip


@app.command()
def answers(  # noqa: PLR0913 - as above
    corpus: Annotated[Path, typer.Option(help="Folder with a corpus.", show_default=False)],
    out: Annotated[Path, typer.Option(help="File for the answers.", show_default=False)],
    model: Annotated[str, typer.Option(help="Model with a chat format: a folder, or a hub id.")],
    *,
    count: Annotated[int, typer.Option(min=1, help="Good answers that are wanted.")] = 1000,
    seed: _Seed = 0,
    device: _Device = None,
) -> None:
    """Have a model answer requests about a corpus; `train --answers` keeps its chat by them."""
    from assist_server.cli.answers import AnswersChoice, run_answers  # noqa: PLC0415

    run_answers(_flags(model, device), AnswersChoice(corpus, out, count, seed))


@app.command()
def corpus(
    out: Annotated[Path, typer.Option(help="Folder for the corpus.", show_default=False)],
    *,
    packages: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with packages of pip, npm or Debian, instead of this one's."),
    ] = None,
    standard_library: Annotated[
        bool,
        typer.Option("--standard-library", help="Take it as well; with --packages."),
    ] = False,
    megabytes: Annotated[
        int | None, typer.Option(min=1, help="Of source code at most.", show_default="all")
    ] = None,
) -> None:
    """Collect permissively licensed code and prose that `train --corpus` learns from."""
    from assist_server.cli.corpus import CorpusChoice, run_corpus  # noqa: PLC0415

    run_corpus(CorpusChoice(out, tuple(packages or ()), standard_library, megabytes))


@app.command()
def finetune(  # noqa: PLR0913 - as above
    repo: Annotated[Path, typer.Option(help="Repository to learn from.", show_default=False)],
    out: _Out,
    *,
    model: Annotated[str, typer.Option(help="Model: embedded, a folder, or a hub id.")] = (
        "embedded"
    ),
    time: _Time = None,
    tokens: _Tokens = None,
    resume: _Resume = False,
    seed: _Seed = 0,
    device: _Device = None,
) -> None:
    """Train a model further on one's own code."""
    from assist_server.cli.train import run_train  # noqa: PLC0415
    from assist_server.training.choices import FinetuneChoice  # noqa: PLC0415
    from assist_server.training.schedule import parse_budget  # noqa: PLC0415

    budget = parse_budget(time, tokens)
    run_train(FinetuneChoice(out, repo, model, budget, resume, seed, device or "auto"))


@app.command()
def calibrate(  # noqa: PLR0913 - a command line has as many options as it has
    *,
    out: Annotated[
        Path,
        typer.Option(help="File to write: display_rule.json in the model's folder."),
    ],
    repo: Annotated[
        Path | None, typer.Option(help="Code of your own to measure on.", show_default=False)
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option(help="Folder made by `pip install --target`.", show_default=False),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure little, to try it out.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a PNG; needs matplotlib.", show_default=False)
    ] = None,
    model: _Model = None,
    device: _Device = None,
) -> None:
    """Measure when a model is right, so that doubtful completions are not shown unasked."""
    from assist_server.cli.calibrate import run_calibrate  # noqa: PLC0415

    run_calibrate(_flags(model, device), out, repo, packages, is_quick=quick, plot=plot)
