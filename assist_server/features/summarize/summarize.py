"""Summaries of selected text, as Markdown.

There are three methods; `Summary.method` names the one used. A model with a chat format is asked
for a summary, part by part for a long text. A model without one, or one that is not sure of its
answer or names what is not there, writes the comment above the code, and prose is summarized by its
own first sentences.
The syntax tree lists the definitions in code, unless the model has answered with a list.
"""

import contextlib

from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.errors import InputError, ModelError
from assist_server.features.summarize.chat import ask
from assist_server.features.summarize.code import describe_code, with_definitions
from assist_server.features.summarize.prose import extract
from assist_server.features.summarize.work import Method, Report, Selection, Summary, Work
from assist_server.settings import Settings


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
        ModelError: the model's answer was empty.
        AssistError: the model cannot be used, or the work was cancelled.
    """
    if not selection.text.strip():
        raise InputError("nothing is selected; select the text to summarize and try again")
    summary = _summarize(selection, Work(backend, settings, cancel or CancelToken(), report))
    if summary.markdown.split() == selection.text.split():
        raise InputError("the selection is too short to be summarized; select more")
    return summary


def _summarize(selection: Selection, work: Work) -> Summary:
    if not work.backend.info.has_chat_template:
        return _without_chat(selection, work)
    answer = ask(selection, work)
    if not answer.text:
        raise ModelError("the model's answer was empty; select other text or another model")
    if not answer.is_credible:
        with contextlib.suppress(InputError):  # too short; an unsure answer is better than none
            return _without_chat(selection, work)
    return Summary(with_definitions(answer.text, selection), Method.CHAT)


def _without_chat(selection: Selection, work: Work) -> Summary:
    if selection.snapshot.is_prose:
        return Summary(extract(selection), Method.EXTRACT)
    return Summary(describe_code(selection, work), Method.COMMENT)
