"""Cut closing brackets that have no opening one."""

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import open_before, scan
from assist_server.postprocess.candidate import Candidate, with_text
from assist_server.syntax.languages import PLAIN_TEXT, Language
from assist_server.syntax.scope import Region


def stop_at_unopened_closer(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Stop before a closing bracket without an opening one.

    It must have been opened by the candidate or by the statement before the cursor, and not be
    closed already after the cursor. If the statement began too far above, and in prose, nothing is
    known and all is kept.
    """
    language = context.snapshot.language
    if language is PLAIN_TEXT or not any(bracket in candidate.text for bracket in ")]}"):
        return candidate
    opened = open_before(context)
    if opened is None:
        return candidate
    after = "\n".join([context.line_suffix[candidate.replaced_chars :], *context.next_lines])
    end = _balanced_length(candidate.text, language, opened, after)
    if end is None or context.scope.region is Region.COMMENT:
        return candidate
    return with_text(candidate, candidate.text[:end])


def _balanced_length(
    text: str, language: Language, opened: tuple[str, ...], after: str
) -> int | None:
    """Return how much of `text` to keep so that with `after` it closes no bracket too many.

    None means all of it.
    """
    found = scan(text, language, opened)
    end = found.unopened
    if scan(after, language, opened).unopened is not None:
        return end  # the text after the cursor is unbalanced by itself and proves nothing
    closers = [closer for closer in found.outer_closers if end is None or closer.start < end]
    for closer in reversed(closers):
        still_open = scan(text[:end], language, opened).still_open
        if scan(after, language, still_open).unopened is None:
            break
        end = closer.start
    return end
