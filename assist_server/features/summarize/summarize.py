"""Summaries of selected text, as Markdown.

There are three methods; `Summary.method` names the one used. A model with a chat format is asked
for a summary, part by part for a long text. A model that only completes writes the comment above
the code; prose is summarized by its own first sentences in that case. The syntax tree lists the
definitions in code, unless the model has answered with a list.
"""

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
    if work.backend.info.has_chat_template:
        if not (answer := ask(selection, work)):
            raise ModelError("the model's answer was empty; select other text or another model")
        return Summary(with_definitions(answer, selection), Method.CHAT)
    if selection.snapshot.is_prose:
        return Summary(extract(selection), Method.EXTRACT)
    return Summary(describe_code(selection, work), Method.COMMENT)
