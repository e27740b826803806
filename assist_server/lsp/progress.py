"""Work-done progress started by the server.

pygls keeps every token for ever and refuses to reuse one; tokens here are unique and are removed
when the work is done.
"""

import itertools
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lsprotocol import types

if TYPE_CHECKING:
    from assist_server.lsp.server import AssistServer

_numbers = itertools.count(1)


class ProgressReports:
    """The running progress reports of one client and the callbacks of their cancel buttons."""

    def __init__(self, server: "AssistServer") -> None:
        self._server = server
        self._on_cancel: dict[int | str, Callable[[], object]] = {}
        # Threads send reports, too; this keeps them from sending one after its end.
        self._sending = threading.RLock()

    def __len__(self) -> int:
        return len(self._on_cancel)

    def start(
        self,
        title: str,
        on_cancel: Callable[[], object] | None = None,
        percent: int | None = None,
    ) -> "Progress":
        """Start a progress report; nothing is sent to clients that cannot show it.

        A report can show a percentage later only if it starts with one.
        """
        token = f"assist-{os.getpid()}-{next(_numbers)}"
        self._on_cancel[token] = on_cancel or (lambda: None)
        progress = Progress(self, token)
        if self._server.can_show_progress:
            create = types.WorkDoneProgressCreateParams(token)
            self._server.protocol.send_request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, create)
        is_cancellable = on_cancel is not None
        begin = types.WorkDoneProgressBegin(title, cancellable=is_cancellable, percentage=percent)
        self.notify(token, begin)
        return progress

    def notify(
        self,
        token: str,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        """Send one notification of a running report."""
        with self._sending:
            if token in self._on_cancel and self._server.can_show_progress:
                converted = self._server.to_json(value)
                params = types.ProgressParams(token=token, value=converted)
                self._server.protocol.notify(types.PROGRESS, params)

    def cancel(self, token: int | str) -> None:
        """Call a report's cancel callback; unknown tokens are ignored."""
        self._on_cancel.get(token, lambda: None)()

    def end(self, token: str, message: str | None) -> None:
        """Send the last notification of a report and remove it."""
        with self._sending:
            self.notify(token, types.WorkDoneProgressEnd(message=message))
            self._on_cancel.pop(token, None)


class Progress:
    """One progress report; a context manager that ends it."""

    def __init__(self, reports: ProgressReports, token: str) -> None:
        self._reports = reports
        self._token = token

    def report(self, message: str, percent: int | None = None) -> None:
        """Show a message about the current step."""
        report = types.WorkDoneProgressReport(message=message, percentage=percent)
        self._reports.notify(self._token, report)

    def end(self, message: str | None = None) -> None:
        """End the report; further calls do nothing."""
        self._reports.end(self._token, message)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
