"""Prefetching at the cursor, so that less of the prompt is left to prefill for a request.

When typing or moving pauses, drafts are learned from the text around the cursor, and unless a
completion was asked for there, its prompt is prefilled. Requests for the model come first.
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
"""Long enough to mean that the user has stopped, short enough to be over before they go on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CursorPlace:
    """A place in a document where the user was last."""

    uri: str
    version: int | None
    offset: int
    is_asked: bool = False
    """Whether a completion was asked for there, for which the prompt is prefilled anyway."""


class Prefetcher:
    """Prefetches at the newest place of the cursor; used on the loop only."""

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
        """Follow the cursor to a place; the former one does not matter any more."""
        if self._place != replace(place, is_asked=True):
            # Editors ask for other things, too, where they have asked for a completion.
            self._wait(place)

    def retry(self) -> None:
        """Prefetch at the last place, as when no model was loaded before."""
        if self._place is not None:
            self._wait(replace(self._place, is_asked=False))

    def forget(self, uri: str) -> None:
        """Prefetch nothing more in a document."""
        if self._place is not None and self._place.uri == uri:
            self.stop()

    def stop(self) -> None:
        """Prefetch nothing more at the last place."""
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
            if not place.is_asked:
                prefetch_prompt(context, backend, settings, cancel)

        with contextlib.suppress(AssistError):  # a request for a completion will report it
            await self._model.run(work, cancel)


def _log_failure(prefetch: "asyncio.Future[None]") -> None:
    if not prefetch.cancelled() and (error := prefetch.exception()) is not None:
        _log.error("prefetching failed", exc_info=error)
