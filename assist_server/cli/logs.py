"""The log of the process: how much is written, and where to."""

import logging
import sys
from pathlib import Path
from typing import Any

from assist_server.errors import printable
from assist_server.lsp.settings_store import FollowLog
from assist_server.settings import LogSettings


def configure_logging(settings: LogSettings) -> str:
    """Log to standard error, or to the file that the settings name.

    The libraries below log whole messages, with the user's text in them; they are kept silent.

    Returns:
        What is wrong with the file, where there is something; standard error takes its place.
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
    """Spells out control characters, so that nothing logged is obeyed or looks like a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name there
        """Format a record, without an error's frames."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as above
        """Format the frames of an error, of which each is a line."""
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def log_handler(file: str) -> tuple[logging.Handler, str]:
    """Where records go, and what is wrong with the file."""
    if not file:
        return logging.StreamHandler(sys.stderr), ""
    try:
        is_pipe = Path(file).is_fifo()  # whose reader would be waited for
        if not is_pipe:
            return logging.FileHandler(file, encoding="utf-8"), ""
        reason = "a pipe"
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
    problem = f"Correct log.file, {file!r} cannot be written: {reason}."
    return logging.StreamHandler(sys.stderr), problem


def shared_log(own: LogSettings) -> FollowLog:
    """The log of several clients is decided by none of them."""

    def follow(settings: LogSettings) -> str:
        wanted = (settings.level, settings.file)
        advice = "Set log.level and log.file where the server is started: it has several clients."
        return "" if wanted == (own.level, own.file) else advice

    return follow
