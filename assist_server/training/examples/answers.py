"""A model's own answers to requests about a corpus, which preserve its chat ability in training.

The requests are the product's, the texts are from the corpus, and the answers are by the base
model. An answer is kept if it is short and complete, repeats nothing, and has no number or name
that its text does not have.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from assist_server.errors import InputError
from assist_server.features.summarize.support import unsupported, unsupported_names
from assist_server.prompts.instructions import load_instruction
from assist_server.syntax.languages import language_for
from assist_server.training.data.documents import Document, document_of

MAX_TEXT_CHARS = 1_600
"""Maximum length of the text in a request."""
_MIN_WORDS, _MAX_WORDS = 6, 120
_MAX_ECHOED_SHARE = 0.6
_RUN_WORDS = 4
_PROSE = ("Rewrite this text in plain and short English.", "Say in one sentence what this is.")
_CODE = ("Explain in one or two sentences what this code does.",)


@dataclass(frozen=True)
class Answer:
    """A request and the model's answer."""

    origin: str
    """The distribution and the path of the text in the request."""
    request: str
    answer: str


@dataclass(frozen=True)
class Request:
    """A text and an instruction about it."""

    origin: str
    instruction: str
    text: str

    @property
    def message(self) -> str:
        """Return the message to the model, in the form of the product's requests."""
        return f"{self.instruction}\n\n{self.text}"


def requests_of(documents: Sequence[Document], seed: int) -> Iterator[Request]:
    """Yield a request for each training document, in a random order determined by the seed."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    order = [document for document in documents if document.origin.split == "train"]
    rng.shuffle(order)
    for document in order:
        text = _part(document.text, rng)
        has_grammar = language_for(path=document.origin.path).grammar is not None
        asked = requests_about(document, is_code=document.origin.kind == "code" and has_grammar)
        origin = f"{document.origin.distribution}/{document.origin.path}"
        yield Request(origin, rng.choice(asked), text)


def requests_about(document: Document, *, is_code: bool) -> tuple[str, ...]:
    """Return the instructions to choose from for a text of a document."""
    kind = f"{language_for(path=document.origin.path).id} code" if is_code else "a text"
    return load_instruction("summarize", kind=kind), *(_CODE if is_code else _PROSE)


def _part(text: str, rng: random.Random) -> str:
    """Return whole lines of a text, from a place where a paragraph or a definition begins."""
    starts = [0, *(match.end() for match in re.finditer(r"\n\n(?=\S)", text))]
    start = rng.choice([each for each in starts if len(text) - each > MAX_TEXT_CHARS] or [0])
    return whole_lines(text[start:])


def whole_lines(text: str) -> str:
    """Return the first lines of a text, as many as a request may have."""
    part = text[:MAX_TEXT_CHARS]
    return part if len(part) == len(text) else part[: part.rfind("\n") + 1] or part


def rejection_reason(request: Request, answer: str) -> str | None:
    """Return why an answer is rejected, in a word or two; None if it is suitable."""
    words = answer.split()
    runs = Counter(zip(*(words[start:] for start in range(_RUN_WORDS)), strict=False))
    if not _MIN_WORDS <= len(words) <= _MAX_WORDS:
        return "length"
    if not answer.rstrip("*_`)\"' ").endswith((".", "!", "?")):
        return "no end"
    if max(runs.values(), default=0) > 1 or any(one == other for one, other in pairwise(words)):
        return "repetition"
    if _echoed_share(request.text, words) > _MAX_ECHOED_SHARE:
        return "echo"
    if unsupported(request.text, answer) or unsupported_names(request.text, answer):
        return "unsupported"
    return None


def _echoed_share(text: str, words: Sequence[str]) -> float:
    """Return the share of word n-grams that occur literally in the text."""
    joined = " ".join(text.split())
    runs = [" ".join(words[start : start + _RUN_WORDS]) for start in range(len(words))]
    return sum(run in joined for run in runs) / max(1, len(runs))


def write_answer(file: Path, answer: Answer) -> None:
    """Append an answer to a file of JSON lines."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(answer)) + "\n")


def read_answers(file: Path) -> list[Document]:
    """Return the answers of a file as training documents.

    Raises:
        InputError: the file cannot be read.
    """
    found: list[Document] = []
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            answer = Answer(**json.loads(line))
            distribution, _, path = answer.origin.partition("/")
            content = json.dumps({"request": answer.request, "answer": answer.answer}).encode()
            document = document_of(distribution, "", "", path, content, "answer")
            if document is not None and document.origin.split == "train":
                found.append(document)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"cannot read answers in {str(file)!r} ({error}); make them with "
            "`assist-server answers`"
        ) from error
    return found
