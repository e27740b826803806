"""Construction of a server with all its handlers."""

from assist_server.config import Layer
from assist_server.engine.loading.model_pool import ModelPool
from assist_server.lsp.handlers import (
    code_actions,
    commands,
    documentation,
    documents,
    inline_completion,
    lifecycle,
    tasks,
)
from assist_server.lsp.server import AssistServer
from assist_server.lsp.settings_store import FollowLog, ignore_log


def create_server(
    pool: ModelPool, flags: Layer | None = None, follow_log: FollowLog = ignore_log
) -> AssistServer:
    """Create a server for one client, with every handler registered."""
    server = AssistServer(pool, flags, follow_log)
    families = (
        lifecycle, documents, inline_completion, code_actions, commands, documentation, tasks,
    )  # fmt: skip
    for family in families:
        family.register(server)
    return server
