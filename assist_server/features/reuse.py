"""Reuse of a completion after the user has typed some of it."""

from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.features.inline_completion import InlineCompletion, Outcome
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.line_suffix import join_line_suffix

_MAX_AUTO_CLOSED_CHARS = 3
"""Closers that editors insert by themselves while one types, such as the `")` of `("")`."""


def typed_since(origin: CursorContext, now: CursorContext) -> str | None:
    """Return what was typed at the cursor between two states of a document.

    None if more has changed.

    Closers that an editor has inserted after the cursor meanwhile do not count as a change.
    """
    if origin.snapshot.uri != now.snapshot.uri or now.offset < origin.offset:
        return None
    if (origin.cells_above, origin.cells_below) != (now.cells_above, now.cells_below):
        return None
    old, new = origin.snapshot.text, now.snapshot.text
    closed_chars = len(new) - now.offset - (len(old) - origin.offset)
    if not 0 <= closed_chars <= _MAX_AUTO_CLOSED_CHARS:
        return None
    closed = new[now.offset : now.offset + closed_chars]
    # Whole slices are compared: fast, at the cost of a copy.
    is_rest_equal = (
        set(closed) <= set(")]}\"'`>")
        and new.startswith(old[: origin.offset])
        and new.endswith(old[origin.offset :])
    )
    return new[origin.offset : now.offset] if is_rest_equal else None


def reusable_rest(
    completion: InlineCompletion, origin: CursorContext, now: CursorContext
) -> InlineCompletion | None:
    """Return the part of a completion that is not typed yet; None where something else was typed.

    The rest of a hidden completion stays hidden until its confidence is checked again.

    Args:
        completion: What was proposed.
        origin: Where it was proposed.
        now: The place of the new request.
    """
    typed = typed_since(origin, now)
    is_hidden = completion.text is None
    whole = completion.hidden_text if is_hidden else completion.text
    if whole is None or typed is None or not whole.startswith(typed):
        return None
    rest = whole[len(typed) :]
    replaced_chars = _replaced_chars(rest, completion, origin, now)
    if replaced_chars is None:
        return None
    end = now.offset + replaced_chars
    if rest.strip() in ("", now.snapshot.text[now.offset : end].strip()):
        return None  # all of it is there: time for a new one
    left = _without_typed_tokens(completion, len(typed))
    if is_hidden:
        return replace(left, hidden_text=rest, start=now.offset, end=end)
    return replace(left, outcome=Outcome.SHOWN, text=rest, start=now.offset, end=end)


def _without_typed_tokens(completion: InlineCompletion, typed_chars: int) -> InlineCompletion:
    """Drop the tokens that were typed completely, but not the last: a confidence needs one."""
    # The first tokens may add no characters: they repeat text that is already in the document.
    if not typed_chars:
        return completion
    first, ends = 0, 0
    for first, chars in enumerate(completion.token_chars):  # noqa: B007 - read after the loop
        ends += chars
        if ends > typed_chars:
            break
    return replace(
        completion,
        log_probs=completion.log_probs[first:],
        token_chars=completion.token_chars[first:],
    )


def _replaced_chars(
    rest: str, completion: InlineCompletion, origin: CursorContext, now: CursorContext
) -> int | None:
    """Count the characters after the cursor that the rest replaces.

    They are those that the whole completion replaced, and closers inserted since, so accepting the
    rest gives the same document as accepting the whole. Inserted closers that the rest does not
    write stay; return None if they stand before characters to be replaced.
    """
    replaced_chars = completion.end - completion.start
    inserted_chars = _chars_after(now) - _chars_after(origin)
    if not inserted_chars:
        return replaced_chars
    joined = join_line_suffix(Candidate(rest), now)
    written_chars = min(joined.replaced_chars, inserted_chars) if joined else inserted_chars
    if replaced_chars and written_chars < inserted_chars:
        return None
    return replaced_chars + written_chars


def _chars_after(context: CursorContext) -> int:
    return len(context.snapshot.text) - context.offset


def is_reusable(text_so_far: str, origin: CursorContext, now: CursorContext) -> bool:
    """Return whether a generation that still runs may give what was typed since it began."""
    typed = typed_since(origin, now)
    return typed is not None and (typed.startswith(text_so_far) or text_so_far.startswith(typed))
