"""What a completion is still worth after its user has typed some of it."""

from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.features.inline_completion import InlineCompletion, Outcome
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.pipeline import clean

_MAX_AUTO_CLOSED_CHARS = 3
"""Closers that editors insert by themselves while one types, such as the `")` of `("")`."""


def typed_since(before: CursorContext, now: CursorContext) -> str | None:
    """What was typed at the cursor between two states of a document; None if more has changed.

    Closers that an editor has inserted behind the cursor meanwhile are no change.
    """
    if before.snapshot.uri != now.snapshot.uri or now.offset < before.offset:
        return None
    old, new = before.snapshot.text, now.snapshot.text
    closed_chars = len(new) - now.offset - (len(old) - before.offset)
    if not 0 <= closed_chars <= _MAX_AUTO_CLOSED_CHARS:
        return None
    closed = new[now.offset : now.offset + closed_chars]
    is_rest_equal = (
        set(closed) <= set(")]}\"'`>")
        and new[: before.offset] == old[: before.offset]
        and new[now.offset + closed_chars :] == old[before.offset :]
    )
    return new[before.offset : now.offset] if is_rest_equal else None


def rest_of(
    completion: InlineCompletion, before: CursorContext, now: CursorContext
) -> InlineCompletion | None:
    """The part of a completion that is not typed yet; None when what was typed disagrees with it.

    Args:
        completion: What was proposed.
        before: Where it was proposed.
        now: Where something is wanted.
    """
    typed = typed_since(before, now)
    if completion.text is None or typed is None or not completion.text.startswith(typed):
        return None
    rest = completion.text[len(typed) :]
    if not rest.strip():
        return None  # all of it is typed: time for a new one
    cleaned = clean(Candidate(rest), now)
    if cleaned.candidate is None or cleaned.candidate.text != rest:
        return None
    end = now.offset + cleaned.candidate.replaced_chars
    return replace(completion, outcome=Outcome.SHOWN, text=rest, start=now.offset, end=end)


def may_agree(text_so_far: str, before: CursorContext, now: CursorContext) -> bool:
    """Whether a generation that is still running may yet give what was typed since it began."""
    typed = typed_since(before, now)
    return typed is not None and (typed.startswith(text_so_far) or text_so_far.startswith(typed))
