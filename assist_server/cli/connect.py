"""`assist-server connect`: an editor's connection to the server that all windows share."""

import os
import sys
from typing import NoReturn

from assist_server.cli.process import leave_working_folder
from assist_server.errors import AssistError, InputError
from assist_server.lsp.relay.relay import Relay
from assist_server.lsp.relay.shared_server import SERVER_COMMAND, SharedServer, can_share


def run_connect(command: tuple[str, ...] = SERVER_COMMAND) -> NoReturn:
    """Relay between the editor and the shared server until the editor leaves.

    Where no server can be shared, this process becomes the window's own.

    Args:
        command: Starts the shared server.
    """
    if not can_share():
        _serve_alone("this system has no Unix sockets")
    try:
        relay = Relay(SharedServer.of(os.environ, command))
    except AssistError as error:
        _serve_alone(str(error))
    leave_working_folder()
    try:
        code = relay.run()
    except InputError as error:
        print(f"assist-server: {error}", file=sys.stderr, flush=True)  # noqa: T201
        code = 2
    # A thread that waits for the editor would keep the interpreter from exiting.
    os._exit(code)


def _serve_alone(reason: str) -> NoReturn:
    from assist_server.cli.serve import Endpoint, run_server  # noqa: PLC0415 - imports the server

    print(f"assist-server: this window has its own server: {reason}", file=sys.stderr)  # noqa: T201
    run_server({}, Endpoint())
