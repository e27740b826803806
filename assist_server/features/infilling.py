"""Prompts for the text between two texts, in a model family's format and within its budget."""

import re
from dataclasses import dataclass, replace

from assist_server.context.budget import (
    Encode,
    count_tokens,
    freeze_point,
    prefix_start,
    share_tokens,
    suffix_end,
)
from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.postprocess.brackets import scan
from assist_server.prompts.fim import (
    FimPrompt,
    FimTemplate,
    Slot,
    choose_template,
    path_comment,
    render_fim,
)
from assist_server.settings import Settings
from assist_server.syntax.languages import PLAIN_TEXT, Language
from assist_server.text.indentation import detect_indent_unit, indent_width, leading_whitespace
from assist_server.text.newlines import BYTE_ORDER_MARK

_SLACK_TOKENS = 3
"""Room for what tokenises differently than it was counted: a blank in front, text cut in two."""

_PAGE_BREAK = re.compile(r"(?<![^\n])\f")
"""A form feed at the beginning of a line; models know empty lines in its place."""

_LARGEST_PATH_SHARE = 0.25
"""Part of the prompt that a path may take; a longer one would crowd out the code."""

_CLOSERS = {"(": ")", "[": "]", "{": "}", **{mark: mark for mark in ('"', "'", "`", '"""', "'''")}}
_ONLY_CLOSERS = re.compile(r"[)\]}\"'`\s]+")
_LONGEST_LINE = 2000

_OPENS = re.compile(r"([:({\[]|\b(then|do|else|repeat)|=>|->)\s*((#|//|--).*)?$")
_CLOSES = re.compile(r"\s*([)}\]]|end\b|until\b)")
_DECORATES = re.compile(r"\s*@")
_ENDS_BLOCK = re.compile(r"\s*(return|raise|throw|break|continue|pass|goto)\b")


@dataclass(frozen=True)
class Gap:
    """A place in a text; the whole text is referred to, not copied, as it may be long."""

    path: str
    """Shown to models that know files by their path."""
    text: str
    start: int
    """Where the prefix ends."""
    end: int
    """Where the suffix begins."""
    project: str = ""
    """The name of the project in which the path is; empty if there is none."""

    @classmethod
    def between(cls, path: str, prefix: str, suffix: str) -> "Gap":
        """Create the gap between two texts."""
        return cls(path, prefix + suffix, len(prefix), len(prefix))

    @classmethod
    def at(cls, context: CursorContext) -> "Gap":
        """Create the gap at the cursor, without the closers that an editor may have inserted there.

        A byte order mark is not shown to the model.
        """
        document = context.snapshot.text
        own = document.removeprefix(BYTE_ORDER_MARK)
        text = context.cells_above + own + context.cells_below
        offset = len(context.cells_above) + max(0, context.offset - len(document) + len(own))
        end = offset + auto_closed_chars(context)
        return cls(context.snapshot.path, text, offset, end, context.snapshot.project)


def choose_model_template(backend: Backend, settings: Settings) -> FimTemplate:
    """Choose the infilling template: by setting, by the model's own word, or by its vocabulary.

    Raises:
        InputError: the setting names a template that the model cannot serve.
    """
    info = backend.info
    wanted = settings.fim_template
    if wanted == "auto":
        wanted = info.fim_template or "auto"
    return choose_template(
        info.special_ids, model_type=info.model_type, name=info.name, setting=wanted
    )


def build_prompt(gap: Gap, backend: Backend, settings: Settings, max_new_tokens: int) -> FimPrompt:
    """Build the prompt that asks for the text in a gap.

    As much of both sides as the budget allows is shown: the nearest lines first, and the share that
    one side does not need goes to the other. While one types, a prompt goes on as the last one did,
    but for the last few tokens; see `context.budget`.

    Raises:
        InputError: the setting names a template that the model cannot serve.
    """
    info, limits = backend.info, settings.completion
    template = choose_model_template(backend, settings)
    limit = min(limits.max_prompt_tokens, info.context_tokens - max_new_tokens)
    in_project = template.for_project(info.special_ids) if gap.project else template
    names = _name_slots(gap, in_project, backend.encode)
    if _count(names) > limit * _LARGEST_PATH_SHARE:
        names = {}
    else:
        template = in_project
    others = len(template.layout) + _count(names) + (info.bos_id is not None)
    room = max(1, limit - others - _SLACK_TOKENS)
    slots = _fill_slots(gap, template, backend.encode, room, limits.prefix_share)
    prompt = render_fim(template, slots | names, info.special_ids, info.bos_id)
    # An empty text asked left to right of a model without a begin token: any end token begins.
    return prompt if prompt.ids else FimPrompt(tuple(sorted(info.end_ids)[:1]), prompt.end_ids)


def _name_slots(gap: Gap, template: FimTemplate, encode: Encode) -> dict[Slot, list[int]]:
    """Return the ids of the slots for the names of the file and its project."""
    texts = {
        Slot.PATH_COMMENT: path_comment(gap.path),
        Slot.PROJECT: gap.project,
        Slot.PATH: gap.path,
        Slot.LINE_END: "\n",
    }
    return {slot: encode(text) for slot, text in texts.items() if slot in template.layout}


def _count(slots: dict[Slot, list[int]]) -> int:
    return sum(map(len, slots.values()))


def _fill_slots(
    gap: Gap, template: FimTemplate, encode: Encode, room: int, prefix_share: float
) -> dict[Slot, list[int]]:
    """Return the ids of both sides of a gap: `room` of them and the slack at most."""
    text = _PAGE_BREAK.sub("\n", gap.text) if "\f" in gap.text else gap.text
    wanted_prefix = count_tokens(text, 0, gap.start, room, encode)
    wanted_suffix = count_tokens(text, gap.end, len(text), room, encode)
    prefix_tokens, suffix_tokens = share_tokens(
        room, wanted_prefix, wanted_suffix if template.uses_suffix else 0, prefix_share
    )
    start = prefix_start(text, gap.start, prefix_tokens, encode)
    frozen = gap.start
    if template.freezes_prefix:
        frozen = freeze_point(text, start, gap.start, prefix_tokens)
    prefix_tokens += _SLACK_TOKENS
    typed = _last(encode(text[frozen : gap.start]), prefix_tokens)
    lead = template.prefix_lead if start < frozen else ""
    prefix = _last(encode(lead + text[start:frozen]), prefix_tokens - len(typed))
    suffix = encode(text[gap.end : suffix_end(text, gap.end, suffix_tokens, encode)])
    return {Slot.PREFIX: prefix, Slot.SUFFIX: suffix[:suffix_tokens], Slot.TYPED: typed}


def _last(ids: list[int], count: int) -> list[int]:
    return ids[max(0, len(ids) - count) :]


def auto_closed_chars(context: CursorContext) -> int:
    """Count the characters after the cursor that close, one by one, what its line has opened.

    Editors insert `)` after the cursor when `(` is typed, and let the user type over it. A model
    that saw them come and go would have to prefill its prompt anew each time, as they change what
    follows. So they are left out of the prompt: the model writes its closers itself, and
    post-processing, which sees the document as it is, lets these replace the ones that are there.
    0 where the line goes on with anything but closers.
    """
    suffix = context.line_suffix
    if not _ONLY_CLOSERS.fullmatch(suffix) or len(context.line_prefix) > _LONGEST_LINE:
        return 0
    length = 0
    for opener in reversed(_opened_in(context.line_prefix, context.snapshot.language)):
        closer = _CLOSERS.get(opener, "")
        rest = suffix[length:].lstrip(" \t")
        if closer.startswith(rest.rstrip()):  # a triple quote may be closed in part
            closer = rest.rstrip()
        if not closer or not rest.startswith(closer):
            break
        length = len(suffix) - len(rest) + len(closer)
    return length


def _opened_in(line: str, language: Language) -> tuple[str, ...]:
    """Return what is open at the end of a line, brackets in an open string or comment included."""
    found = scan(line, language)
    if not found.still_open or found.still_open[-1] in {"(", "[", "{"}:
        return found.still_open
    inside = line[(found.opened_at[-1] or 0) + len(found.still_open[-1]) :]
    return found.still_open + scan(inside, PLAIN_TEXT).still_open


def with_indentation(context: CursorContext) -> CursorContext:
    """Return the place as it is once the missing indentation is typed; the same if none is missing.

    A model that stands at column 0 of a blank line inside a block mostly says that the line is to
    stay blank. So it is asked as if the indentation were typed, and the indentation is offered with
    what it writes.
    """
    indentation = _missing_indentation(context)
    if not indentation:
        return context
    start = context.offset
    snapshot = context.snapshot.after_edit(start, start, indentation, context.snapshot.version)
    return replace(context, snapshot=snapshot, offset=start + len(indentation))


def _missing_indentation(context: CursorContext) -> str:
    if context.line_prefix or context.line_suffix or not context.previous_lines:
        return ""
    if context.snapshot.is_prose:  # a colon opens no block there
        return ""
    above, below = context.previous_lines[-1], "".join(context.next_lines[:1])
    inner, outer = leading_whitespace(above), leading_whitespace(below)
    if _OPENS.search(above):
        is_deeper = indent_width(below) > indent_width(above)
        return outer if is_deeper else inner + detect_indent_unit(context.surroundings)
    if indent_width(below) < indent_width(above) and _CLOSES.match(below):
        return inner  # the block goes on up to there
    if not outer:  # the block may be over: what comes next may well begin at column 0
        return inner if _DECORATES.match(above) else ""
    is_after_gap = not context.snapshot.lines.line_text(context.line - 1).strip()
    may_be_over = indent_width(above) > indent_width(below)
    return outer if may_be_over and (is_after_gap or _ENDS_BLOCK.match(above)) else inner
