"""The prompt of a task: the document around the text, the instruction, and the text."""

import re

from assist_server.context.budget import prefix_start, suffix_end
from assist_server.context.secrets import without_secrets
from assist_server.engine.backend import Backend
from assist_server.errors import InputError
from assist_server.features.tasks.place import Place
from assist_server.prompts.instructions import load_instruction
from assist_server.prompts.tasks import Output, Task
from assist_server.settings import Settings
from assist_server.syntax.comment_marks import find_comment_marks

_MAX_CHARS_PER_TOKEN = 8
"""More than any tokenizer needs for prose and code; limits the text to tokenize."""

_PREFIX_SHARE = 0.6
"""Share of the context for what is above the text, where imports and definitions are."""

_MIN_CONTEXT_TOKENS = 32
_HERE = "[the text is here]"
_ABOUT_CONTEXT = "What is around the text, for reference:"


def build_task_prompt(
    task: Task, place: Place, words: str, backend: Backend, settings: Settings
) -> list[int]:
    """Return the ids of a task's prompt, which leaves room for its answer.

    Raises:
        InputError: the text and the instruction are too long.
    """
    instruction = _instruction(task, place, words)
    room = backend.info.context_tokens - answer_tokens(task, backend)
    limit = min(settings.tasks.max_prompt_tokens, room)
    whole = _encoded(_message(instruction, "", place.text), backend, limit)
    left = limit - len(whole)
    if left < 0:
        raise InputError(
            f"the text is too long for this model and `tasks.max_prompt_tokens` ({limit} tokens "
            "are possible); select less"
        )
    if task.output is Output.REPLACE and not place.is_code:
        return whole  # a model would take sentences from around the text into it
    with_context = _message(instruction, _context(place, left, backend), place.text)
    ids = _encode(with_context, backend)
    return ids if len(ids) <= limit else whole


def answer_tokens(task: Task, backend: Backend) -> int:
    """Return the maximum length of an answer, at most half of the model's context."""
    return min(task.max_new_tokens, backend.info.context_tokens // 2)


def _instruction(task: Task, place: Place, words: str) -> str:
    snapshot = place.snapshot
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    language = "text" if snapshot.is_prose or marks is None else marks.name
    kind = f"{language} code" if place.is_code else "text"
    fields = {"kind": kind, "language": language, "path": snapshot.path, "instruction": words}
    parts = [task.instruction(fields)]
    if task.output is not Output.SHOW:
        name = "answer_code" if place.is_code else "answer_text"
        parts.append(load_instruction(name, **fields))
    return "\n\n".join(parts)


def _message(instruction: str, context: str, text: str) -> str:
    parts = [f"{_ABOUT_CONTEXT}\n\n{fenced(context)}"] if context else []
    parts.append(instruction)
    if text:
        parts.append(fenced(text))
    return "\n\n".join(parts)


def fenced(text: str) -> str:
    """Return a text between fences that are longer than any in it."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _context(place: Place, max_tokens: int, backend: Backend) -> str:
    """Return the lines above and below the text that fit, without secrets.

    A mark shows where the text is.
    """
    text, about = place.snapshot.text, place.about
    max_tokens -= len(backend.encode(_message("", _HERE, "")))
    if max_tokens < _MIN_CONTEXT_TOKENS:
        return ""
    above = round(max_tokens * _PREFIX_SHARE)
    start = prefix_start(text, about.start, above, backend.encode)
    used = len(backend.encode(text[start : about.start]))
    end = suffix_end(text, about.end, max(0, max_tokens - used), backend.encode)
    before, after = text[start : about.start].strip("\n"), text[about.end : end].strip("\n")
    if not before.strip() and not after.strip():
        return ""
    context = "\n".join(part for part in (before, _HERE, after) if part.strip())
    return without_secrets(context)


def _encoded(message: str, backend: Backend, limit: int) -> list[int]:
    """Return a message's ids; for one that is certainly too long, of a part that is too long."""
    return _encode(message[: max(0, limit + 1) * _MAX_CHARS_PER_TOKEN], backend)


def _encode(message: str, backend: Backend) -> list[int]:
    return backend.encode_chat([{"role": "user", "content": message}])
