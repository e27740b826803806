"""Summaries of selected text: facts by the kind of text, and the sentences of a model.

What can be known from the text is stated from it: `kinds` recognizes what it is, and one module per
kind finds the facts. A model with a chat format is asked as well and is given the facts; of its
answer remains what text and facts support. A model without one writes the comment above code that
has no documentation. `Summary.method` names what was used.
"""

import re
from dataclasses import replace
from itertools import zip_longest

from assist_server.context.selection import Selection
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.errors import InputError
from assist_server.features.summarize.answers import adds_to, without_code
from assist_server.features.summarize.chat import ask
from assist_server.features.summarize.code_comment import comment_on
from assist_server.features.summarize.describe import describe
from assist_server.features.summarize.facts import Facts
from assist_server.features.summarize.kinds import TextKind
from assist_server.features.summarize.prose import extract
from assist_server.features.summarize.work import Method, Report, Summary, Work
from assist_server.settings import Settings

_TOO_SHORT = "the selection is too short to be summarized; select more"
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)]) ", re.MULTILINE)
_MAX_RELATIVE_LENGTH = 1.5
"""A list of facts is not much longer than a short text."""

_READ_WHOLE = frozenset([TextKind.CODE, TextKind.PROSE, TextKind.MARKDOWN, TextKind.MAIL])
"""Kinds that a chat model reads part by part; of others it is given the facts and the beginning."""

_ANSWERED = frozenset([TextKind.PROSE, TextKind.MARKDOWN, TextKind.MAIL])
"""Kinds of which a chat model's answer is the whole summary."""


def summarize(
    selection: Selection,
    backend: Backend,
    settings: Settings,
    *,
    cancel: CancelToken | None = None,
    report: Report = lambda _: None,
) -> Summary:
    """Return the summary of a selection; blocks until it is done.

    Raises:
        InputError: the selection is blank, or too short to be summarized.
        AssistError: the model cannot be used, or the work was cancelled.
    """
    if not selection.text or selection.text.isspace():
        raise InputError("nothing is selected; select the text to summarize and try again")
    kind, facts = describe(selection)
    work = Work(backend, settings, cancel or CancelToken(), report)
    write = _with_chat if backend.info.has_chat_template else _without_chat
    summary = write(selection, kind, facts, work)
    if _have_same_words(summary.markdown, selection.text):
        raise InputError(_TOO_SHORT)
    return summary


def _with_chat(selection: Selection, kind: TextKind, facts: Facts | None, work: Work) -> Summary:
    known = facts.to_markdown() if facts else ""
    is_read_whole = kind in _READ_WHOLE
    answer = ask(selection, work, _called(kind, selection), known, is_read_whole=is_read_whole)
    written = _above(answer.text, kind, facts)
    if written and answer.is_sure:
        return Summary(written, Method.CHAT)
    try:
        return _without_chat(selection, kind, facts, work)
    except InputError:
        if not written or work.cancel.is_cancelled:
            raise
        return Summary(written, Method.CHAT)  # an unsure answer is better than none


def _without_chat(selection: Selection, kind: TextKind, facts: Facts | None, work: Work) -> Summary:
    if facts is None:
        return Summary(extract(selection), Method.EXTRACT)
    if kind is TextKind.CODE:
        comment = None
        if not facts.says_purpose and selection.snapshot.language.grammar:
            comment = comment_on(selection, work)
        if comment:
            return Summary(replace(facts, headline=comment).to_markdown(), Method.COMMENT)
        return Summary(facts.to_markdown(), Method.FACTS)
    length = len(selection.text.strip())
    if len(facts.headline) >= length and not facts.says_news:
        raise InputError(_TOO_SHORT)
    return Summary(facts.to_markdown(int(length * _MAX_RELATIVE_LENGTH)), Method.FACTS)


def _called(kind: TextKind, selection: Selection) -> str:
    """Return what a text is called in a question about it."""
    if kind is TextKind.CODE:
        return f"{selection.snapshot.language.id} code"
    return "a text" if kind is TextKind.PROSE else f"a {kind}"


def _above(answer: str, kind: TextKind, facts: Facts | None) -> str:
    """Return an answer with the facts below it; empty if it says nothing."""
    if facts is None or kind in _ANSWERED or not answer:
        return answer
    listed = _ITEM.search(answer)
    if kind is TextKind.CODE:
        words = without_code(answer)
        return answer if listed else words and replace(facts, headline=words).to_markdown()
    sentence = answer[: listed.start()].strip() if listed else answer
    known = facts.to_markdown()
    return f"{sentence}\n\n{known}" if adds_to(known, sentence) else ""


def _have_same_words(one: str, other: str) -> bool:
    words = (re.finditer(r"\S+", text) for text in (one, other))
    return all(a and b and a[0] == b[0] for a, b in zip_longest(*words))
