"""The windows that a training reads: a stream of them, and some that are held out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer

from assist_server.errors import InputError
from assist_server.prompts.fim import TEMPLATES
from assist_server.syntax.languages import LANGUAGES, Language, language_for
from assist_server.training.data.documents import Document
from assist_server.training.examples.cutting import Mixture
from assist_server.training.examples.packing import Window
from assist_server.training.examples.rendering import ChatFormat, Vocabulary
from assist_server.training.examples.streaming import Recipe, WindowStream
from assist_server.training.model.tokenizer import END, control_ids

_VALIDATION_WINDOWS = 32
_LEAST_SHARE = 0.01
"""Of the code, for a language that a model can be said to know."""


@dataclass(frozen=True)
class Material:
    """The windows of a training."""

    stream: WindowStream
    validation: Sequence[Window]
    """Of documents that are never learned from; empty where there are none."""


def make_material(  # noqa: PLR0913, PLR0917 - what decides about the windows
    tokenizer: Tokenizer,
    documents: Sequence[Document],
    context_tokens: int,
    seed: int,
    processes: int = 0,
    chat: ChatFormat | None = None,
) -> Material:
    """Lay out documents for a training in the template `assist`.

    Args:
        tokenizer: With our control tokens.
        documents: Those to learn from and those to validate with.
        context_tokens: Size of a window.
        seed: Decides order, pieces and holes.
        processes: That cut, where one thread beside the training would not be fast enough.
        chat: How conversations are written, where answers are among the documents.

    Raises:
        InputError: no document may be trained on.
    """
    by_split = split_documents(documents)
    if not by_split["train"]:
        raise InputError("the corpus holds nothing to train on; build another one")
    vocabulary = replace(own_vocabulary(tokenizer), chat=chat)
    chars = chars_per_token(tokenizer, by_split["train"]) * context_tokens
    recipe = Recipe(seed, context_tokens, int(chars), Mixture())
    stream = WindowStream(by_split["train"], vocabulary, recipe, processes)
    validation: list[Window] = []
    if by_split["validation"]:
        held_out = WindowStream(by_split["validation"], vocabulary, recipe)
        validation = held_out.first_windows(_VALIDATION_WINDOWS)
    return Material(stream, validation)


def split_documents(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Return documents by split."""
    found: dict[str, list[Document]] = {"train": [], "validation": []}
    for document in documents:
        found[document.origin.split].append(document)
    return found


def learned_languages(documents: Iterable[Document]) -> list[str]:
    """Return the LSP ids of the programming languages that are a fair part of what is learned."""
    sizes: Counter[Language] = Counter()
    for document in documents:
        if document.origin.split == "train" and document.origin.kind == "code":
            sizes[language_for(path=document.origin.path)] += document.origin.bytes
    least = _LEAST_SHARE * sizes.total()
    known = (language for language in LANGUAGES if sizes[language] > least)
    return [name for language in known for name in language.lsp_ids or (language.id,)]


def own_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Return a tokenizer with the layout of the template `assist`."""
    special_ids = control_ids(tokenizer)
    template = next(template for template in TEMPLATES if template.family == "assist")
    first, *text = tokenizer.encode("a").ids
    bos_id = first if text else None
    return Vocabulary(tokenizer, template, special_ids, special_ids[END], bos_id)


def chars_per_token(tokenizer: Tokenizer, documents: Sequence[Document]) -> float:
    """Return how many characters a token stands for, on average over some documents."""
    sample = [document.text[:4_000] for document in documents[:: max(1, len(documents) // 50)]]
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(sample))
    return sum(map(len, sample)) / max(1, tokens)
