"""Phrases of documentation by a model with a chat format: one request for each definition."""

import re

from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, GenerationRequest, collect
from assist_server.errors import InputError
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.thoughts import without_thoughts
from assist_server.prompts.instructions import load_instruction
from assist_server.settings import Settings
from assist_server.syntax.definition import Definition
from assist_server.syntax.languages import language_for

_MAX_CODE_CHARS = 4_000
_MAX_TOKENS_A_LINE = 32
_LINE = re.compile(r"[\s*-]*[`*]*(?P<subject>\w+)[`*]*(?: \([^)]*\))?[`*]*: *(?P<phrase>\S.*)")
_QUOTES = re.compile(r"\"{3}|'{3}")
_SUMMARY, _RETURNS = "summary", "returns"
_SUBJECTS = {PhraseKind.SUMMARY: _SUMMARY, PhraseKind.RETURNS: _RETURNS}


def chat_phrase_writer(
    path: str, backend: Backend, settings: Settings, cancel: CancelToken, least_log_prob: float
) -> PhraseWriter:
    """Return a writer that asks once for all phrases of a definition.

    It answers None for what the model left out, and for all if the model was unsure.
    It raises InputError if `cancel` is set.
    """
    answers: dict[int, dict[str, str]] = {}
    language = language_for("", path).id

    def write(prefix: str, suffix: str, request: PhraseRequest) -> str | None:
        definition = request.definition
        if definition.keyword not in answers:
            code = _code(prefix, suffix, definition)
            answers[definition.keyword] = ask(code, definition)
        subject = _SUBJECTS.get(request.kind, request.subject)
        return answers[definition.keyword].get(subject)

    def ask(code: str, definition: Definition) -> dict[str, str]:
        subjects = [_SUMMARY, *(one.name for one in definition.parameters)]
        subjects += [_RETURNS] if definition.returns_value else []
        instruction = load_instruction(
            "document", language=language, subjects=", ".join(f"`{one}`" for one in subjects)
        )
        message = {"role": "user", "content": f"{instruction}\n\nCode:\n{code}"}
        prompt = tuple(backend.encode_chat([message]))
        limit = min(settings.summary.max_new_tokens, _MAX_TOKENS_A_LINE * len(subjects))
        if len(prompt) + limit > backend.info.context_tokens:
            return {}
        generation = collect(
            backend.generate(
                GenerationRequest(prompt, limit, end_ids=backend.info.end_ids, cancel=cancel)
            )
        )
        if cancel.is_cancelled:
            raise InputError("the documentation was cancelled")
        if not generation.is_likely(least_log_prob):
            return {}
        return _read(without_thoughts(generation.text), subjects)

    return write


def _code(prefix: str, suffix: str, definition: Definition) -> str:
    """Return the source of a definition from the text around a phrase."""
    header = prefix[definition.keyword : definition.header.end]
    if definition.name in header:  # a docstring is below it
        code = header + _QUOTES.split(suffix, maxsplit=1)[-1]
    else:
        code = suffix[suffix.rfind("\n", 0, max(suffix.find(definition.name), 0)) + 1 :]
    return code[: min(_MAX_CODE_CHARS, definition.span.end - definition.keyword)]


def _read(answer: str, subjects: list[str]) -> dict[str, str]:
    """Return the phrase for each subject; what was not asked for is left out."""
    found: dict[str, str] = {}
    for line in answer.splitlines():
        if (parts := _LINE.fullmatch(line)) and parts["subject"] in subjects:
            found.setdefault(parts["subject"], parts["phrase"].strip())
    return found
