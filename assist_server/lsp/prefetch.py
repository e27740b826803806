"""Prefetching at the cursor, so that a later request has less of its prompt to prefill.

When the cursor rests, drafts are learned from the text around it, and the prompt there is
prefilled unless a completion was requested at that place. Requests have priority.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace

from assist_server.engine.request import CancelToken
from assist_server.errors import AssistError
from assist_server.features.languages import Offer, offer_in
from assist_server.features.prefetch import prefetch_drafts, prefetch_prompt
from assist_server.lsp.documents import NotebookStore
from assist_server.lsp.model_session import ModelSession
from assist_server.lsp.settings_store import SettingsStore

_PAUSE_S = 0.15
"""Long enough to show that the user has paused, short enough to end before they go on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CursorPlace:
    """The last known place of the cursor."""

    uri: str
    version: int | None
    offset: int
    has_request: bool = False
    """True if a completion was requested there, which prefills the prompt anyway."""


class Prefetcher:
    """Prefetches at the last known place of the cursor; used on the loop only."""

    def __init__(
        self, notebooks: NotebookStore, model: ModelSession, settings: SettingsStore
    ) -> None:
        self._notebooks = notebooks
        self._model = model
        self._settings = settings
        self._place: CursorPlace | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Future[None] | None = None
        self._cancel = CancelToken()

    def move_to(self, place: CursorPlace) -> None:
        """Note that the cursor moved to a place; stop prefetching at the previous one."""
        if self._place != replace(place, has_request=True):
            # Editors send other requests, too, at the place of a completion request.
            self._wait(place)

    def retry(self) -> None:
        """Prefetch again at the last place, when a model has been loaded."""
        if self._place is not None:
            self._wait(replace(self._place, has_request=False))

    def forget(self, uri: str) -> None:
        """Stop prefetching in a document and forget the place there."""
        if self._place is not None and self._place.uri == uri:
            self.stop()

    def stop(self) -> None:
        """Stop prefetching and forget the last place."""
        self._place = None
        if self._timer is not None:
            self._timer.cancel()
        if self._running is not None:
            self._running.cancel()
        # At once: its thread must not learn a document after that is forgotten.
        self._cancel.cancel()

    def _wait(self, place: CursorPlace) -> None:
        self.stop()
        self._place = place
        self._timer = asyncio.get_running_loop().call_later(_PAUSE_S, self._begin, place)

    def _begin(self, place: CursorPlace) -> None:
        self._cancel = CancelToken()
        self._running = asyncio.ensure_future(self._prefetch(place, self._cancel))
        self._running.add_done_callback(_log_failure)

    async def _prefetch(self, place: CursorPlace, cancel: CancelToken) -> None:
        settings, backend = self._settings.current, self._model.loaded
        limits = settings.completion
        if backend is None or not (limits.enabled and limits.predict_next):
            return
        context = self._notebooks.context_at(place.uri, place.offset, limits.multi_line)
        if context is None or context.snapshot.version != place.version:
            return  # the place is in another version of the document
        if offer_in(context.snapshot, backend.info, limits) is not Offer.ALWAYS:
            return

        def work() -> None:
            prefetch_drafts(context, backend, place.uri, cancel)
            if not place.has_request:
                prefetch_prompt(context, backend, settings, cancel)

        with contextlib.suppress(AssistError):  # a request for a completion will report it
            await self._model.run(work, cancel)


def _log_failure(prefetch: "asyncio.Future[None]") -> None:
    if not prefetch.cancelled() and (error := prefetch.exception()) is not None:
        _log.error("prefetching failed", exc_info=error)
