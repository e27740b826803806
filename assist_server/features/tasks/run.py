"""Run a task: a prompt for the place, the model's answer, and edits or a text made from it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from assist_server.context.selection import Selection
from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    Chunk,
    FinishReason,
    Generation,
    GenerationRequest,
    Sampling,
    collect,
)
from assist_server.errors import InputError, ModelError
from assist_server.features.repetition import stop_at_loop
from assist_server.features.tasks.answer import (
    cleaned,
    extract_code,
    extract_text,
    indented,
    is_whole,
)
from assist_server.features.tasks.place import Place, find_place
from assist_server.features.tasks.prompt import answer_tokens, build_task_prompt
from assist_server.features.tasks.refusal import why_not
from assist_server.features.thoughts import may_be_thoughts, without_thoughts
from assist_server.prompts.tasks import Need, Output, Task
from assist_server.settings import Settings
from assist_server.syntax.definitions import Span
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import lines_within_strings
from assist_server.text.edits import TextEdit

_LIKELIEST = Sampling()
_ANOTHER = Sampling(temperature=0.7, top_p=0.95)

NO_CHAT_MODEL = (
    "the model cannot follow instructions; set `text_model` to one that can, such as "
    "`Qwen/Qwen2.5-Coder-1.5B-Instruct` or another that `assist-server models suggest` lists for "
    "text, or `remote.url` to a server of one"
)

_FENCE_SO_FAR = re.compile(r"^[ \t]*(?:`+|~+)\Z", re.MULTILINE)
_EMPTY = "the model's answer was empty; select other text or another model"


@dataclass(frozen=True)
class Draft:
    """An answer so far, while the model writes it, without its thoughts."""

    text: str
    """Markdown to show, or the new text of an edit. It mostly grows, but what proves to be no part
    of the code, such as a preface, goes again."""
    about: Span
    """The characters that the task is about."""
    replaced: Span | None = None
    """The characters that an edit replaces; None for an answer to show."""


TakeDraft = Callable[[Draft], None]


@dataclass(frozen=True)
class Outcome:
    """The result of a task."""

    text: str
    """The new code or text, or Markdown to show."""
    about: Span
    """The characters that the task is about."""
    edits: tuple[TextEdit, ...] = ()
    """None for an answer to show, and for one that must not be applied."""
    note: str = ""
    """Why the text is incomplete, or not applied; one sentence."""


def run_task(  # noqa: PLR0913 - what it is about, the means, and two callbacks
    task: Task,
    selection: Selection,
    words: str,
    backend: Backend,
    settings: Settings,
    *,
    cancel: CancelToken | None = None,
    is_again: bool = False,
    on_draft: TakeDraft = lambda _: None,
) -> Outcome:
    """Return the outcome of a task for a selection; blocks until it is done.

    Args:
        task: What to do.
        selection: The text, or the cursor where nothing is selected.
        words: The user's instruction; empty for tasks that need none.
        backend: A model with a chat format.
        settings: Limits.
        cancel: Ends the work.
        is_again: Whether to draw another answer than the likeliest, which the user has seen.
        on_draft: Called with the answer so far, whenever there is more of it.

    Raises:
        InputError: the model has no chat format, the task does not fit, the answer changes nothing,
            or the work was cancelled.
        ModelError: the model failed, or its answer was empty.
    """
    if not backend.info.has_chat_template:
        raise InputError(NO_CHAT_MODEL)
    _check_words(task, words)
    place = find_place(task, selection)
    request = GenerationRequest(
        tuple(build_task_prompt(task, place, words.strip(), backend, settings)),
        answer_tokens(task, backend),
        end_ids=backend.info.end_ids,
        stop_rules=(stop_at_loop(selection.snapshot.text),),
        sampling=_ANOTHER if is_again else _LIKELIEST,
        cancel=cancel or CancelToken(),
    )
    generation = _generate(request, backend, lambda text: on_draft(_draft(task, place, text)))
    answer = cleaned(without_thoughts(generation.text)).strip("\n")
    if not answer.strip():
        raise ModelError(_EMPTY)
    why_cut = _why_cut(generation, may_go_on=task.output is Output.INSERT and not place.is_code)
    if task.output is Output.SHOW:
        return Outcome(_shown(answer, place), place.about, note=why_cut)
    return _changed(answer, place, why_cut)


def _check_words(task: Task, words: str) -> None:
    if Need.INSTRUCTION in task.needs and not words.strip():
        raise InputError(f"the task {task.name!r} needs words that say what to do; add them")
    if Need.INSTRUCTION not in task.needs and words.strip():
        raise InputError(f"the task {task.name!r} takes no words; leave them out, or use `rewrite`")


def _generate(
    request: GenerationRequest, backend: Backend, on_text: Callable[[str], None]
) -> Generation:
    chunks: list[Chunk] = []
    written, n_shown = "", 0
    for chunk in backend.generate(request):
        chunks.append(chunk)
        written += chunk.text
        visible = "" if may_be_thoughts(written) else cleaned(without_thoughts(written)).strip()
        if len(visible) > n_shown:
            on_text(visible)
            n_shown = len(visible)
    generation = collect(chunks)
    if generation.finish_reason is FinishReason.CANCELLED:
        raise InputError("the task was cancelled")
    return generation


def _draft(task: Task, place: Place, answer: str) -> Draft:
    if task.output is Output.SHOW:
        return Draft(answer, place.about)
    new = _extracted(_FENCE_SO_FAR.sub("", answer), place)
    edit = _edit(new, place, frozenset()) if new.strip() else None
    return Draft(edit.new_text if edit else "", place.about, place.replaced)


def _why_cut(generation: Generation, *, may_go_on: bool) -> str:
    if generation.finish_reason is FinishReason.MAX_NEW_TOKENS:
        advice = "run the task again to go on" if may_go_on else "ask for less, or select less text"
        return f"the answer was cut at {len(generation.token_ids)} tokens; {advice}"
    if generation.finish_reason is FinishReason.STOP_RULE:
        return "the model repeated itself, and its answer was cut; try another model"
    return ""


def _shown(answer: str, place: Place) -> str:
    if answer.split() == place.text.split():
        raise InputError("the model only repeated the text; try another model")
    return answer.strip()


def _changed(answer: str, place: Place, why_cut: str) -> Outcome:
    """Return the edit that an answer makes, or the answer and why it makes none."""
    source = place.text
    code = _extracted(answer, place)
    if not code.strip():
        raise ModelError(_EMPTY)
    if code.strip() == source.strip():
        raise InputError("the model's answer equals the text; there is nothing to change")
    edit = _edit(code, place, _lines_within_strings(code, place))
    is_more_text = place.replaced.start == place.replaced.end and not place.is_code
    reason = ("" if is_more_text else why_cut) or why_not(answer, code, edit, place)
    if reason:
        shown = code if is_whole(code, answer) else answer
        return Outcome(shown, place.about, note=f"not applied: {reason}")
    return Outcome(code, place.about, (edit,), why_cut)


def _extracted(answer: str, place: Place) -> str:
    extract = extract_code if place.is_code else extract_text
    return extract(answer, place.text)


def _lines_within_strings(code: str, place: Place) -> frozenset[int]:
    language = place.snapshot.language
    has_strings = place.is_code and language.grammar
    return lines_within_strings(SyntaxTree(code, language)) if has_strings else frozenset()


def _edit(new_text: str, place: Place, within_strings: frozenset[int]) -> TextEdit:
    return (
        _code_edit(new_text, place, within_strings)
        if place.is_code
        else _text_edit(new_text, place)
    )


def _code_edit(code: str, place: Place, within_strings: frozenset[int]) -> TextEdit:
    replaced, text = place.replaced, place.snapshot.text
    new_text = indented(code, place.margin, text, within_strings)
    if replaced.start == replaced.end:
        new_text = f"\n{new_text}"
    elif replaced.start and text[replaced.start - 1] != "\n":
        new_text = new_text.removeprefix(place.margin)  # the text begins within its line
    return TextEdit(replaced.start, replaced.end, new_text)


def _text_edit(new_text: str, place: Place) -> TextEdit:
    replaced, text = place.replaced, place.snapshot.text
    is_apart = not text[: replaced.start] or text[replaced.start - 1].isspace()
    if replaced.start == replaced.end and not is_apart:
        new_text = f" {new_text}"
    return TextEdit(replaced.start, replaced.end, new_text)
