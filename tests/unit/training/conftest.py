"""What training tests share: a small tokenizer, and documents."""

import pytest
from distributions import library_code

from assist_server.training.data.documents import document_of

NAMES = ("textwrap", "shlex", "bisect", "calendar", "colorsys", "cmd", "code", "fnmatch", "heapq")


class Documents(list):
    """A list that does not fill pages when a test fails."""

    def __repr__(self):
        return f"{len(self)} documents"


@pytest.fixture(scope="session")
def documents():
    """Some modules of the standard library."""
    return Documents(
        document_of("d", "1", "MIT", path, text.encode(), "code")
        for path, text in library_code(*NAMES).items()
    )


@pytest.fixture(scope="session")
def tokenizer(documents):
    """A tokenizer of a few hundred tokens."""
    from assist_server.training.model.tokenizer import train_tokenizer  # noqa: PLC0415 - loads much

    return train_tokenizer([document.text for document in documents], 512)


@pytest.fixture(scope="session")
def vocabulary(tokenizer):
    """The tokenizer with our layout."""
    from assist_server.training.examples.windows import own_vocabulary  # noqa: PLC0415 - as above

    return own_vocabulary(tokenizer)
