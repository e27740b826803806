"""`assist-server serve`: the language server on standard input and output."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping

from assist_server.cli.opening import FLAGS, open_model
from assist_server.config import Layer, LogSettings, read_settings
from assist_server.lsp.transport import serve_stdio
from assist_server.lsp.wiring import create_server


def run_server(flags: Mapping[str, object]) -> int:
    """Serve until the client says goodbye; does not return, so that nothing delays the exit."""
    layer = Layer(FLAGS, dict(flags))
    # The client is told of problems when it has introduced itself and the rest is known.
    settings, _ = read_settings(None, [layer])
    configure_logging(settings.log)
    code = asyncio.run(serve_stdio(create_server(open_model, layer)))
    sys.stderr.flush()
    # A thread in the middle of a forward pass would keep the interpreter from ending.
    os._exit(code)


def configure_logging(settings: LogSettings) -> None:
    """Log to standard error, or to the file that the settings name.

    The libraries below log whole messages, with the user's text in them; they are kept silent.
    """
    handler = (
        logging.FileHandler(settings.file, encoding="utf-8")
        if settings.file
        else logging.StreamHandler(sys.stderr)
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("assist_server")
    logger.handlers = [handler]
    logger.setLevel(settings.level.upper())
    logger.propagate = False
    for name in ("pygls", "asyncio", "transformers"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
