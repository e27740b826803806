"""The newest request of its kind on a document is the only one worth an answer.

Neovim never cancels a request while the user types, so the server must.
"""

import asyncio
from typing import Any

Key = tuple[str, str]
"""Document URI and method."""


class NewestTasks:
    """The running task for each key; used on the server's loop only."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def put(self, key: Key, task: asyncio.Task[Any]) -> None:
        """Start to track a task, cancelling its predecessor."""
        if key in self._tasks:
            self._tasks[key].cancel()
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def cancel_document(self, uri: str) -> None:
        """Cancel whatever runs for a document."""
        for key, task in list(self._tasks.items()):
            if key[0] == uri:
                task.cancel()

    def _forget(self, key: Key, done: asyncio.Task[Any]) -> None:
        if self._tasks.get(key) is done:
            del self._tasks[key]
