"""The log of the process: its level and destination."""

import logging
import sys
from pathlib import Path
from typing import Any

from assist_server.config import user_file_path
from assist_server.errors import printable
from assist_server.lsp.settings_store import FollowLog
from assist_server.settings import LogSettings


def configure_logging(settings: LogSettings) -> str:
    """Log to standard error, or to the file in the settings.

    Libraries are silenced, as they log whole messages with the user's text.

    Returns:
        The problem with the file, empty without one; with a problem, standard error is used.
    """
    handler, problem = log_handler(settings.file)
    handler.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("assist_server")
    before, logger.handlers = logger.handlers, [handler]
    for old in before:
        old.close()
    logger.setLevel(settings.level.upper())
    logger.propagate = False
    for name in ("pygls", "asyncio", "transformers"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return problem


class OneLineFormatter(logging.Formatter):
    """Formatter that escapes control characters, so that logged text cannot forge records."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name there
        """Format a record without the traceback of an error."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as above
        """Format a traceback, one line each."""
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def log_handler(file: str) -> tuple[logging.Handler, str]:
    """Return the handler for a file, and the problem with the file."""
    if not file:
        return logging.StreamHandler(sys.stderr), ""
    try:
        is_pipe = Path(file).is_fifo()  # opening one would wait for a reader
        if not is_pipe:
            return logging.FileHandler(file, encoding="utf-8"), ""
        reason = "a pipe"
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
    problem = f"Correct log.file, {file!r} cannot be written: {reason}."
    return logging.StreamHandler(sys.stderr), problem


def shared_log(own: LogSettings) -> FollowLog:
    """Return a function that rejects log settings of a client if several share the log."""

    def follow(settings: LogSettings) -> str:
        wanted = (settings.level, settings.file)
        advice = (
            f"Set log.level and log.file in {user_file_path()}, for the next start of the server: "
            "several windows share it and its log."
        )
        return "" if wanted == (own.level, own.file) else advice

    return follow
