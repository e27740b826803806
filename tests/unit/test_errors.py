import pytest

from assist_server import errors
from assist_server.lsp.client import RequestError

KINDS = [errors.AssistError, errors.InputError, errors.ModelError, errors.ModelLoadingError]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\nERROR forged", r"a\nERROR forged"),
        ("\u202eexe.py", r"\u202eexe.py"),
        ("\ud800 caf\xe9 \u6f22", "\\ud800 caf\xe9 \u6f22"),
    ],
)
def test_an_error_is_one_line_that_nothing_obeys(kind, written, spelled):
    assert str(kind(written)) == spelled


def test_what_a_server_answers_is_not_trusted_either():
    assert str(RequestError({"message": "\x1b[2J"})) == r"\x1b[2J"
