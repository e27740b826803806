from dataclasses import replace

import pytest

from assist_server.errors import InputError
from assist_server.training.data.documents import document_of
from assist_server.training.examples.windows import (
    learned_languages,
    make_material,
    split_documents,
)


def document(path, size, split="train", kind="code"):
    found = document_of("d", "1", "MIT", path, b"x" * size, kind)
    return replace(found, origin=replace(found.origin, split=split))


def test_the_languages_that_are_learned_are_those_with_a_fair_share():
    documents = [
        document("a.py", 10_000),
        document("b.tsx", 500),
        document("c.js", 300),
        document("d.lua", 50),
        document("e.go", 9_000, split="validation"),
        document("f.rs", 9_000, kind="pair"),
        document("g.md", 3_000),
    ]
    assert learned_languages(documents) == [
        "python", "javascript", "javascriptreact", "typescriptreact",
    ]  # fmt: skip


def test_documents_without_any_to_learn_from_are_refused(tokenizer):
    held_out = [document("a.py", 900, split="validation")]
    assert split_documents(held_out) == {"train": [], "validation": held_out}
    with pytest.raises(InputError, match="nothing to train on"):
        make_material(tokenizer, held_out, 64, 0)
