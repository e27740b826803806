"""The settings of one client: from the command line, the editor, and files."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from assist_server.config import Layer, Problems, SettingProblem, read_settings, summarized
from assist_server.settings import LogSettings, Settings

_log = logging.getLogger(__name__)

FollowLog = Callable[[LogSettings], str]
"""Applies settings to the process's log; returns a message for the user if it cannot, else ""."""


def ignore_log(_: LogSettings) -> str:
    """Leave the process's log unchanged."""
    return ""


class SettingsStore:
    """The current settings and their sources."""

    def __init__(
        self, flags: Layer | None, follow_log: FollowLog, warn: Callable[[str], None]
    ) -> None:
        """Start with the defaults.

        Args:
            flags: Settings from the command line, which win over all others.
            follow_log: Called with the settings of the log when they change.
            warn: Called with each message about a setting that cannot be used, once.
        """
        self.current = Settings()
        """The current settings; replaced as a whole when one changes."""
        self._flags = flags
        self._follow_log = follow_log
        self._warn = warn
        self._layers: dict[str, Layer] = {}
        self._root: Path | None = None
        self._shown_problems: set[str] = set()

    def set_root(self, uri: str | None) -> None:
        """Set the project's root, which may contain a settings file."""
        is_file = uri is not None and urlsplit(uri).scheme == "file"
        self._root = Path(unquote(urlsplit(uri).path)) if uri and is_file else None

    def put_layer(self, source: str, values: Any) -> None:
        """Set the client's settings from one source, replacing earlier ones from it."""
        self._layers[source] = Layer(source, values, self._root)

    def read(self) -> bool:
        """Read all sources again; return whether a setting has changed.

        Each problem is shown once.
        """
        overrides = [*self._layers.values(), *([self._flags] if self._flags else [])]
        old = self.current
        self.current, problems = read_settings(self._root, overrides)
        messages = summarized(self._named_once(problems))
        if self.current.log != old.log:
            messages += filter(None, [self._follow_log(self.current.log)])
        self._show(messages)
        return self.current != old

    def _named_once(self, problems: Problems) -> Iterable[SettingProblem]:
        """Return problems without duplicates: editors send settings at the start and on request."""
        return dict.fromkeys(
            replace(problem, source="the editor's settings")
            if problem.source in self._layers
            else problem
            for problem in problems
        )

    def _show(self, messages: Iterable[str]) -> None:
        for message in messages:
            if message not in self._shown_problems:
                self._shown_problems.add(message)
                _log.warning("settings: %s", message)
                self._warn(f"assist-server: {message}")
