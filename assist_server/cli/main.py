"""The commands and their arguments; the module of each command is imported when chosen."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from assist_server import __version__
from assist_server.cli.key import commands as key_commands
from assist_server.cli.model_verbs import models
from assist_server.cli.options import (
    CommandWithWords,
    Device,
    File,
    Json,
    Line,
    Model,
    Paths,
    Prune,
    flags_of,
    words_of,
)
from assist_server.cli.server_commands import ClientProcessId, serve
from assist_server.cli.server_commands import commands as server_commands
from assist_server.cli.training_commands import commands as training_commands
from assist_server.errors import AssistError, InputError

app = typer.Typer(
    name="assist-server",
    help="A language server that hosts a code model in its own process.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(server_commands)


def main() -> None:
    """Run the command line; errors that the user can fix are one line and exit code 2."""
    try:
        app()
    except AssistError as error:
        print(f"assist-server: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer passes it by position
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _default(
    context: typer.Context,
    *,
    stdio: Annotated[bool, typer.Option("--stdio", help="Same as `serve --stdio`.")] = False,
    client_process_id: ClientProcessId = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Run the server if no command is given."""
    del stdio, client_process_id, version
    if context.invoked_subcommand is None:
        serve()


@app.command()
def complete(  # noqa: PLR0913 - one parameter for each option
    file: File,
    line: Line,
    column: Annotated[
        int, typer.Option(help="Column in characters, counted from 1.", show_default=False)
    ],
    *,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Complete the code at a place in a file."""
    from assist_server.cli.complete import run_complete  # noqa: PLC0415

    run_complete(file, line, column, flags_of(model, device), as_json=as_json)


@app.command()
def document(  # noqa: PLR0913 - as above
    paths: Paths = None,
    line: Annotated[
        int | None, typer.Option(help="Line, counted from 1.", show_default=False)
    ] = None,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Document all public definitions that have nothing.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Only report documentation that no longer fits, with --all also what is missing; "
            "exit code 1 if there is any.",
        ),
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", help="With --check: text, json or sarif.", show_default="text"),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write to the file.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff.")] = False,
    prune: Prune = None,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Generate documentation: of what is at a line, or of whole files; or check it."""
    from assist_server.cli.document import Output, run_document, run_document_all  # noqa: PLC0415

    if write + diff + as_json > 1:
        raise InputError("choose one of --write, --diff and --json")
    output = (
        Output.WRITE if write else Output.DIFF if diff else Output.JSON if as_json else Output.TEXT
    )
    if (all_ or check) and (line is not None or prune):
        raise InputError("--line and --prune are for one definition, without --all and --check")
    if check:
        from assist_server.cli.documentation_check import run_check  # noqa: PLC0415

        if output is not Output.TEXT:
            raise InputError("--check changes nothing; choose its output with --format")
        sys.exit(run_check(paths or [Path()], form or "text", is_complete=all_))
    if form is not None:
        raise InputError("--format needs --check; add --check or leave it out")
    if all_ and paths:
        return run_document_all(paths, flags_of(model, device), output)
    if line is None or not paths or len(paths) > 1:
        raise InputError("name one file with --line, or files and folders with --all or --check")
    return run_document(paths[0], line, flags_of(model, device), output, prune or ())


@app.command()
def summarize(
    file: Annotated[Path | None, typer.Argument(help="File; standard input by default.")] = None,
    *,
    lines: Annotated[
        str | None, typer.Option(help="First and last line, such as 10:20.", show_default=False)
    ] = None,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Summarize a file, some of its lines, or standard input."""
    from assist_server.cli.summarize import run_summarize  # noqa: PLC0415

    run_summarize(file, lines, flags_of(model, device), as_json=as_json)


@app.command(cls=CommandWithWords, options_metavar="[OPTIONS] [-- WORDS]")
def run(  # noqa: PLR0913 - as above
    context: typer.Context,
    task: Annotated[
        str | None, typer.Argument(help="Name of the task; without one, all are listed.")
    ] = None,
    file: Annotated[Path | None, typer.Argument(help="File; standard input by default.")] = None,
    *,
    lines: Annotated[
        str | None,
        typer.Option(
            help="First and last line, such as 10:20, or the line of the cursor.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write to the file.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff.")] = False,
    model: Model = None,
    device: Device = None,
) -> None:
    """Run a task with a chat model: explain, rewrite, translate, implement, and your own."""
    from assist_server.cli.run import Output, list_tasks, run_named  # noqa: PLC0415

    if task is None:
        return list_tasks()
    if write and diff:
        raise InputError("choose one of --write and --diff")
    output = Output.WRITE if write else Output.DIFF if diff else Output.TEXT
    return run_named(task, file, lines, words_of(context), flags_of(model, device), output)


@app.command()
def doctor(*, model: Model = None, device: Device = None, as_json: Json = False) -> None:
    """Check the installation, the settings and the model, and suggest how to fix problems."""
    from assist_server.cli.doctor import run_doctor  # noqa: PLC0415

    sys.exit(run_doctor(flags_of(model, device), as_json=as_json))


@app.command()
def demo() -> None:
    """Play a short editing session against a real server in a subprocess."""
    from assist_server.cli.demo import run_demo  # noqa: PLC0415

    run_demo()


@app.command()
def bench(  # noqa: PLR0913 - as above
    *,
    places: Annotated[
        int | None,
        typer.Option(min=1, help="Number of places to type at, one per file.", show_default="20"),
    ] = None,
    characters: Annotated[
        int | None,
        typer.Option(min=2, max=80, help="Keystrokes to type at each place.", show_default="40"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Make a short measurement.")] = False,
    seed: Annotated[int, typer.Option(help="Random seed for files and places.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a PNG; needs matplotlib.", show_default=False)
    ] = None,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Measure how fast a real server in a subprocess answers while text is typed."""
    from assist_server.cli.bench import Output, choose, run_bench  # noqa: PLC0415

    choice = choose(places, characters, seed, is_quick=quick)
    run_bench(flags_of(model, device), choice, Output(as_json, plot))


app.add_typer(models, name="models")
app.add_typer(key_commands, name="key")
app.add_typer(training_commands)
