"""Passwords and tokens are replaced; words about them are not."""

import pytest

from assist_server.features.summarize.facts import quoted
from assist_server.features.summarize.secrets import is_secret_name


@pytest.mark.parametrize(
    "text",
    [
        "password=SECRETVALUE1",
        'DB_PASSWORD: "SECRETVALUE1"',
        "api-key = SECRETVALUE1",
        "Authorization: Bearer SECRETVALUE1",
        "curl -H 'Authorization: Basic U0VDUkVUVkFMVUUx'",
        "tool --password SECRETVALUE1",
        "postgres://ann:SECRETVALUE1@db/shop",
        "ghp_SECRETVALUE1aaaaaaaaaaaaaaaa",
        "AKIASECRETVALUE10000",
        "?access_token=SECRETVALUE1&page=2",
    ],
)
def test_secrets_are_replaced(text):
    shown = quoted(text)
    assert "SECRETVALUE1" not in shown
    assert "U0VDUkVUVkFMVUUx" not in shown
    assert "…" in shown


@pytest.mark.parametrize(
    "text",
    [
        "password hashing",
        "basic cryptographic words",
        "max_tokens=160",
        "the token is used",
        "a:b@c",
    ],
)
def test_words_about_secrets_stay(text):
    assert quoted(text) == f"`{text}`"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dbPassword", True), ("api_key", True), ("secret", True), ("author", False), ("key", False)],
)
def test_names_of_secrets(name, expected):
    assert is_secret_name(name) is expected


def test_inline_code_survives_what_is_in_it():
    assert quoted("a `b` c\n\x1b[31md") == "``a `b` c [31md``"
