"""Closing brackets that nothing opens."""

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import open_before, scan
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.written_lines import with_text
from assist_server.syntax.languages import PLAIN_TEXT, Language
from assist_server.syntax.scope import Region


def stop_at_unopened_closer(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Stop before a closing bracket that has no opening one left to close.

    Neither the candidate may have opened it nor the statement before the cursor, unless the text
    behind the cursor closes that one already. Where the statement began too far above, or in prose,
    nothing is known and all is kept.
    """
    language = context.snapshot.language
    if language is PLAIN_TEXT or not any(bracket in candidate.text for bracket in ")]}"):
        return candidate
    opened = open_before(context)
    if opened is None:
        return candidate
    behind = "\n".join([context.line_suffix[candidate.replaced_chars :], *context.next_lines])
    end = _balanced_length(candidate.text, language, opened, behind)
    if end is None or context.scope.region is Region.COMMENT:
        return candidate
    return with_text(candidate, candidate.text[:end])


def _balanced_length(
    text: str, language: Language, opened: tuple[str, ...], behind: str
) -> int | None:
    """How much of `text` to keep so that it and `behind` close no bracket too many; None: all."""
    found = scan(text, language, opened)
    end = found.unopened
    if scan(behind, language, opened).unopened is not None:
        return end  # what follows is out of balance by itself and proves nothing
    closers = [closer for closer in found.outer_closers if end is None or closer.start < end]
    for closer in reversed(closers):
        still_open = scan(text[:end], language, opened).still_open
        if scan(behind, language, still_open).unopened is None:
            break
        end = closer.start
    return end
