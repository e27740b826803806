"""Replay of typing: how many characters completions save when known text is typed again.

At each keystroke, unless a completion is still visible, one is requested as an editor would. If its
first line is the text to type, it is accepted; otherwise the next character is typed. A completion
stays visible while the typed characters agree with it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.evaluation.figures import Estimate, Figures
from assist_server.evaluation.tasks import Source
from assist_server.features.inline_completion import InlineCompletion

_MIN_CHARS = 2
"""A completion of one character saves no typing."""

Ask = Callable[[CursorContext], InlineCompletion]
"""Returns a completion at a cursor."""

Decide = Callable[[CursorContext, InlineCompletion], bool]
"""Returns whether a completion is shown."""


@dataclass(frozen=True)
class Shown:
    """A completion that was shown, and whether its first line was right."""

    context: CursorContext
    completion: InlineCompletion
    is_right: bool


@dataclass(frozen=True)
class Replay:
    """The result of replaying one piece of text."""

    typed_chars: int
    accepted_chars: int
    shown: tuple[Shown, ...]


def replay(source: Source, start: int, end: int, ask: Ask, decide: Decide) -> Replay:
    """Replay `source.text[start:end]`, with the rest of the file around it."""
    typed = accepted = 0
    shown: list[Shown] = []
    offset, pending = start, ""
    while offset < end:
        if not pending:
            context = _context(source, offset, end)
            completion = ask(context)
            pending = _first_line(completion) if decide(context, completion) else ""
            if pending:
                is_right = source.text.startswith(pending, offset, end)
                shown.append(Shown(context, completion, is_right))
        if pending and source.text.startswith(pending, offset, end):
            offset, accepted, pending = offset + len(pending), accepted + len(pending), ""
        else:
            character = source.text[offset]
            pending = pending[1:] if pending.startswith(character) else ""
            offset, typed = offset + 1, typed + 1
    return Replay(typed, accepted, tuple(shown))


def choose_spans(
    sources: Sequence[Source], count: int, chars: int, seed: int
) -> list[tuple[Source, int, int]]:
    """Choose pieces to replay, of whole lines and at most one per file."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    spans: list[tuple[Source, int, int]] = []
    for source in draw.sample(sources, len(sources)):
        starts = [n + 1 for n, char in enumerate(source.text[:-chars]) if char == "\n"]
        if starts and len(spans) < count:
            start = draw.choice(starts)
            end = source.text.find("\n", start + chars)
            spans.append((source, start, end if end >= 0 else len(source.text)))
    return spans


def _context(source: Source, offset: int, end: int) -> CursorContext:
    text = source.text[:offset] + source.text[end:]
    snapshot = Snapshot(f"file:///{source.path}", source.path, text)
    return CursorContext(snapshot, offset, "auto", "", "")


def _first_line(completion: InlineCompletion) -> str:
    """Return the text to accept: the first line, with the second if the first is empty."""
    text = completion.text or ""
    if completion.end > completion.start:
        text = ""  # it replaces text after the cursor, which a replay does not
    lines = text.split("\n")
    line = lines[0] if lines[0].strip() or len(lines) == 1 else "\n".join(lines[:2])
    return line if len(line) >= _MIN_CHARS else ""


def savings(replays: Sequence[Replay]) -> Figures:
    """Return the share of accepted characters, and how often completions were right and shown.

    Right: the share among the completions shown. Shown: completions per character.
    """
    chars = [each.accepted_chars + each.typed_chars for each in replays]
    shown = [len(each.shown) for each in replays]
    right = [sum(one.is_right for one in each.shown) for each in replays]
    accepted = [each.accepted_chars for each in replays]
    return {
        "completed": Estimate.ratio([*zip(accepted, chars, strict=True)]),
        "shown were right": Estimate.ratio([*zip(right, shown, strict=True)]),
        "shown per character": Estimate.ratio([*zip(shown, chars, strict=True)]),
    }
