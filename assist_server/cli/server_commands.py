"""The commands that editors run: a server, and a connection to the shared one."""

from pathlib import Path
from typing import Annotated

import typer

from assist_server.cli.options import Device, Model, flags_of
from assist_server.errors import InputError

commands = typer.Typer()

ClientProcessId = Annotated[int | None, typer.Option("--clientProcessId", hidden=True)]
"""Added by client libraries of editors; ignored, as `initialize` contains the same."""


@commands.command()
def serve(  # noqa: PLR0913 - one parameter for each option
    *,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Use standard input and output (the default).")
    ] = False,
    tcp: Annotated[
        str | None, typer.Option(help="Listen on a loopback port: PORT or HOST:PORT.")
    ] = None,
    unix: Annotated[
        Path | None,
        typer.Option(help="Listen on a Unix socket in a folder that only you can access."),
    ] = None,
    inherited: Annotated[int | None, typer.Option(hidden=True)] = None,
    socket: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Connect to a port on which an editor listens."),
    ] = None,
    pipe: Annotated[
        str | None, typer.Option(help="Connect to a Unix socket on which an editor listens.")
    ] = None,
    http: Annotated[
        str | None,
        typer.Option(
            help="Serve OpenAI's interface in place of LSP, on a loopback port: PORT or HOST:PORT."
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token for --tcp and --http; created if missing.",
            show_default=False,
        ),
    ] = None,
    client_process_id: ClientProcessId = None,
    model: Model = None,
    device: Device = None,
    log_level: Annotated[
        str | None,
        typer.Option(help="Log level: debug, info, warning or error.", show_default=False),
    ] = None,
) -> None:
    """Run the language server, as editors do; with --http, a server for other tools."""
    del client_process_id
    from assist_server.cli.serve import Endpoint, run_server  # noqa: PLC0415

    if stdio + sum(place is not None for place in (tcp, unix, socket, pipe, http)) > 1:
        raise InputError("choose one of --stdio, --tcp, --unix, --socket, --pipe and --http")
    if token_file is not None and tcp is None and http is None:
        raise InputError("--token-file needs --tcp or --http; add one or leave it out")
    if inherited is not None and unix is None:
        raise InputError("--inherited needs --unix; leave it out")
    flags: dict[str, object] = {**flags_of(model, device)}
    if log_level is not None:
        flags["log"] = {"level": log_level}
    run_server(flags, Endpoint(tcp, unix, inherited, socket, pipe, http, token_file))


@commands.command()
def connect(
    *,
    stdio: Annotated[bool, typer.Option("--stdio", hidden=True)] = False,
    client_process_id: ClientProcessId = None,
) -> None:
    """Connect an editor to the server that your windows share; start it if it does not run."""
    del stdio, client_process_id
    from assist_server.cli.connect import run_connect  # noqa: PLC0415

    run_connect()
