"""Summaries of selected text, as Markdown.

Three ways, by what is at hand. A model that can be talked to is asked for a summary, part by part
where the text is long. A model that only completes writes the comment that it would put above the
code, and the syntax tree lists what is defined there. Prose without a model that can be talked to
is summarized by its own first sentences; `Summary.method` tells which way it was.
"""

from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.errors import InputError, ModelError
from assist_server.features.summaries.chat import ask
from assist_server.features.summaries.code import describe_code
from assist_server.features.summaries.prose import extract
from assist_server.features.summaries.work import Method, Report, Selection, Summary, Work
from assist_server.settings import Settings


def summarize(
    selection: Selection,
    backend: Backend,
    settings: Settings,
    *,
    cancel: CancelToken | None = None,
    report: Report = lambda _: None,
) -> Summary:
    """Summarize a selection; blocks until it is done.

    Raises:
        InputError: nothing but white space is selected, or nothing shorter can be said.
        ModelError: the model answered nothing.
        AssistError: the model cannot be asked, or the work was cancelled.
    """
    if not selection.text.strip():
        raise InputError("nothing is selected; select the text to summarize and ask again")
    summary = _summarize(selection, Work(backend, settings, cancel or CancelToken(), report))
    if summary.markdown.split() == selection.text.split():
        raise InputError("nothing shorter than what is selected can be said; select more")
    return summary


def _summarize(selection: Selection, work: Work) -> Summary:
    if work.backend.info.has_chat_template:
        if not (answer := ask(selection, work)):
            raise ModelError("the model had nothing to say; select other text or another model")
        return Summary(answer, Method.CHAT)
    if selection.snapshot.is_prose:
        return Summary(extract(selection), Method.EXTRACT)
    return Summary(describe_code(selection, work), Method.COMMENT)
