"""Completions of one document: the newest request wins, and no work is done twice.

A request is answered, in this order: by what is left of the last completion, when the user has
typed the beginning of it; by the one that was prepared for after its acceptance; by the generation
that is running, when what was typed agrees with it so far; by a generation of its own, for which
the running one is stopped. Older requests that still wait are answered empty at once: Neovim never
cancels a request while the user types.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from assist_server.context.cursor import CursorContext
from assist_server.features.inline_completion import InlineCompletion, Outcome, accepted
from assist_server.features.reuse import is_reusable, reusable_rest

_PREPARE_AFTER_S = 0.15
"""A pause in typing that is long enough to mean that the completion is being read."""

Generate = Callable[[CursorContext, Callable[[str], None]], Awaitable[InlineCompletion]]
"""Runs the model at a place and tells its text so far; cancelling it stops the model."""

Judge = Callable[[InlineCompletion, CursorContext], InlineCompletion]
"""Decides at a place whether a completion is shown there."""


@dataclass(frozen=True)
class _Shown:
    """A completion and the place where it was proposed."""

    context: CursorContext
    completion: InlineCompletion

    def fits(self, place: CursorContext) -> bool:
        """Whether something of it is left to propose at a place."""
        return reusable_rest(self.completion, self.context, place) is not None


class _Running:
    """A generation, the place it is for, and its text so far."""

    def __init__(
        self, context: CursorContext, generate: Generate, *, is_prepared: bool = False
    ) -> None:
        self.context = context
        self.is_prepared = is_prepared
        self.text = ""
        self.task = asyncio.ensure_future(generate(context, self._tell))

    def _tell(self, text: str) -> None:  # called on the feature's thread; assignment is atomic
        self.text = text


class DocumentCompletions:
    """What runs for one document, and what was shown last; used on the loop only."""

    def __init__(self) -> None:
        self._running: _Running | None = None
        self._shown: _Shown | None = None
        self._prepared: _Shown | None = None
        self._preparing: asyncio.TimerHandle | None = None
        self._newest: asyncio.Future[None] | None = None

    async def complete(
        self,
        context: CursorContext,
        generate: Generate,
        prepare: Generate | None = None,
        judge: Judge = lambda known, _: known,
    ) -> InlineCompletion:
        """Answer the newest request; an older one that waits is answered as superseded.

        Args:
            context: Where a completion is wanted.
            generate: Runs the model for it.
            prepare: Runs the model for what may be wanted next; None to prepare nothing.
            judge: Decides about what was too doubtful to be shown so far.
        """
        newest = self._supersede()
        answer = self._rest_of_known(context, judge)
        if answer is not None:
            self._stop_unless_for(accepted(context, answer))
        while answer is None:
            running = self._reuse_or_start(context, generate)
            either: set[asyncio.Future[Any]] = {running.task, newest}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                if self._newest is newest:
                    self.stop()
                raise
            if newest.done():
                return InlineCompletion(Outcome.SUPERSEDED)
            answer = self._take(running, context, judge)
        self._prepare_later(context, answer, prepare)
        return answer

    async def more(
        self, generate: Callable[[], Awaitable[list[InlineCompletion]]]
    ) -> list[InlineCompletion]:
        """Give what else there is for the newest request; nothing once a newer one has come."""
        newest = self._supersede()
        task = asyncio.ensure_future(generate())
        try:
            either: set[asyncio.Future[Any]] = {task, newest}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return [] if newest.done() else task.result()
        finally:
            task.cancel()

    def _prepare_later(
        self, context: CursorContext, answer: InlineCompletion, prepare: Generate | None
    ) -> None:
        """Once the user stops to read, make the completion that follows the acceptance of this."""
        if prepare is not None and answer.text is not None:
            self._preparing = asyncio.get_running_loop().call_later(
                _PREPARE_AFTER_S, self._prepare, context, answer, prepare
            )

    def _prepare(self, context: CursorContext, answer: InlineCompletion, prepare: Generate) -> None:
        place, running = accepted(context, answer), self._running
        if running is not None and not running.task.done():
            return
        if running is not None and running.is_prepared:
            self._keep(running)  # the callback may still be to come
        if self._prepared is not None and self._prepared.fits(place):
            return
        running = self._running = _Running(place, prepare, is_prepared=True)
        running.task.add_done_callback(lambda _: self._keep(running))

    def _keep(self, running: _Running) -> None:
        if not running.task.cancelled() and running.task.exception() is None:
            self._prepared = _Shown(running.context, running.task.result())

    def stop(self) -> None:
        """Stop the model and answer whoever waits; what was shown last is kept."""
        self._stop_generating()
        self._supersede()

    def _stop_generating(self) -> None:
        """Stop the model."""
        if self._running is not None:
            self._running.task.cancel()
            self._running = None

    def _supersede(self) -> "asyncio.Future[None]":
        """Answer the request that waits; the future that ends the next one's waiting."""
        if self._preparing is not None:
            self._preparing.cancel()
        if self._newest is not None and not self._newest.done():
            self._newest.set_result(None)
        self._newest = asyncio.get_running_loop().create_future()
        return self._newest

    def _rest_of_known(self, context: CursorContext, judge: Judge) -> InlineCompletion | None:
        known = {
            "what is left of the last one": self._shown,
            "prepared while the last one was read": self._prepared,
        }
        for detail, shown in known.items():
            rest = reusable_rest(shown.completion, shown.context, context) if shown else None
            if shown is not None and rest is not None:
                rest = replace(rest, detail=detail, milliseconds=0.0, first_token_ms=None)
                return self._rejudged(shown, rest, context, judge)
        return None

    def _rejudged(
        self, origin: _Shown, rest: InlineCompletion, context: CursorContext, judge: Judge
    ) -> InlineCompletion:
        """What is shown stays so; what was too doubtful is judged anew wherever it is typed."""
        self._shown = origin
        if rest.text is None:
            rest = judge(rest, context)
            if rest.text is not None:
                self._shown = _Shown(context, rest)
        return rest

    def _reuse_or_start(self, context: CursorContext, generate: Generate) -> _Running:
        self._stop_unless_for(context)
        running = self._running
        if running is None or running.task.done() or running.is_prepared:
            # What is only prepared comes behind all other work, and nobody may wait for that. What
            # was read for it is not lost.
            self._stop_generating()
            running = self._running = _Running(context, generate)
        return running

    def _stop_unless_for(self, place: CursorContext) -> None:
        """Stop what runs, unless it may yet give what is wanted at a place: nobody waits for it."""
        running = self._running
        if running is not None and not is_reusable(running.text, running.context, place):
            running.task.cancel()
            self._running = None

    def _take(
        self, running: _Running, context: CursorContext, judge: Judge
    ) -> InlineCompletion | None:
        """The result of a generation, as seen from the place where it is wanted.

        None when it began elsewhere and the user has typed something else: it is of no use.
        """
        if self._running is running:
            self._running = None
        if running.task.cancelled():
            return InlineCompletion(Outcome.SUPERSEDED)
        completion = running.task.result()
        self._shown = _Shown(running.context, completion)
        if running.context is context:
            return completion
        rest = reusable_rest(completion, running.context, context)
        if rest is None:
            return None
        rest = replace(rest, detail="from a request that was running")
        return self._rejudged(self._shown, rest, context, judge)


class Completions:
    """The completions of each open document, by the method that asks for them."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], DocumentCompletions] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def of(self, uri: str, method: str) -> DocumentCompletions:
        """Those of one document; kept until it is closed."""
        return self._documents.setdefault((uri, method), DocumentCompletions())

    def close(self, uri: str) -> None:
        """Stop and forget those of a document."""
        for key in [key for key in self._documents if key[0] == uri]:
            self._documents.pop(key).stop()

    def clear(self) -> None:
        """Stop and forget all, as when the model changes."""
        for uri in {uri for uri, _ in self._documents}:
            self.close(uri)
