"""initialize, initialized, configuration, and cancelled progress."""

import asyncio
import logging
from typing import Any

from lsprotocol import types

from assist_server.errors import AssistError
from assist_server.lsp.handlers import completion
from assist_server.lsp.process_watch import watch_process
from assist_server.lsp.protocol import ask_client
from assist_server.lsp.server import AssistServer
from assist_server.text.lines import PositionEncoding

_log = logging.getLogger(__name__)

SECTION = "assist"
"""The section of the editor's configuration that belongs to this server."""

_CONFIGURATION_S = 1.0
"""Longest time to wait for the client's settings; a later answer still counts."""


def register(server: AssistServer) -> None:
    """Register this family's handlers."""
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)(progress_cancelled)


def initialize(server: AssistServer, params: types.InitializeParams) -> None:
    """Store the client's capabilities and settings; nothing slow happens here."""
    server.documents.encoding = PositionEncoding(server.workspace.position_encoding or "utf-16")
    folders = params.workspace_folders
    server.documents.root_uri = folders[0].uri if folders else params.root_uri
    server.settings.set_root(server.documents.root_uri)
    options = params.initialization_options
    if isinstance(options, dict):
        options = {name: value for name, value in options.items() if name != "token"}
    if options is not None:
        server.settings.put_layer("initializationOptions", options)
    server.apply_settings()
    completion.register_for_client(server)
    if params.process_id is not None:
        protocol = server.protocol
        stop = watch_process(params.process_id, lambda: protocol.on_exit(protocol.exit_code))
        server.closing.callback(stop)


async def initialized(server: AssistServer, _: types.InitializedParams) -> None:
    """Request the editor's settings, then load the model that they name."""
    workspace = server.client_capabilities.workspace
    if workspace and workspace.configuration:
        answer = asyncio.ensure_future(_pull_configuration(server))
        await asyncio.wait([answer], timeout=_CONFIGURATION_S)
    server.model.start()


async def did_change_configuration(
    server: AssistServer, params: types.DidChangeConfigurationParams
) -> None:
    """Read the settings again; clients either send them here or expect a request."""
    pushed = params.settings.get(SECTION) if isinstance(params.settings, dict) else None
    if isinstance(pushed, dict):
        _put_configuration(server, pushed)
    elif (workspace := server.client_capabilities.workspace) and workspace.configuration:
        await _pull_configuration(server)
    else:
        server.apply_settings()


def progress_cancelled(server: AssistServer, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the work of the progress report whose button was pressed."""
    server.reports.cancel(params.token)


async def _pull_configuration(server: AssistServer) -> None:
    item = types.ConfigurationItem(section=SECTION)
    try:
        answer = await ask_client(
            server.protocol,
            types.WORKSPACE_CONFIGURATION,
            types.ConfigurationParams([item]),
        )
    except AssistError:
        _log.warning("the editor did not send its settings")
        return
    _put_configuration(server, answer[0] if isinstance(answer, list) and answer else None)


def _put_configuration(server: AssistServer, values: Any) -> None:
    server.settings.put_layer("workspace/configuration", values)
    server.apply_settings()
