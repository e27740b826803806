"""`assist-server key`: API keys of servers in the system's keyring."""

import sys
from typing import Annotated

import typer

from assist_server.errors import InputError

commands = typer.Typer(help="Keep the API keys of servers in the system's keyring.")
_Url = Annotated[
    str, typer.Argument(metavar="URL", help="Address of the server, as in `remote.url`.")
]


@commands.command("set")
def set_key(url: _Url) -> None:
    """Ask for the API key of a server, or read it from standard input, and store it."""
    from assist_server.engine.remote.address import is_usable_key, server_url  # noqa: PLC0415
    from assist_server.engine.remote.system_keyring import store_key  # noqa: PLC0415

    address = server_url(url)
    is_terminal = sys.stdin.isatty()
    if is_terminal:
        asked = typer.prompt("API key", hide_input=True)
    else:
        asked = sys.stdin.buffer.readline().decode("ascii", "replace")
    key = asked.strip()
    if not is_usable_key(key):
        raise InputError("this is no key: it is empty, or has characters that no key has")
    store_key(address, key)
    typer.echo(f"stored the key for {address}; to use it, set remote.key_in_keyring to true")


@commands.command()
def remove(url: _Url) -> None:
    """Remove the API key of a server."""
    from assist_server.engine.remote.address import server_url  # noqa: PLC0415
    from assist_server.engine.remote.system_keyring import find_key, remove_key  # noqa: PLC0415

    address = server_url(url)
    if not find_key(address):
        raise InputError(f"the system's keyring has no key for {address}; check the address")
    remove_key(address)
    typer.echo(f"removed the key for {address}")
