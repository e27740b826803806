"""Passwords and tokens are replaced; words about them are not."""

import pytest

from assist_server.context.secrets import is_secret_name, without_secrets
from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.summarize.facts import quoted
from assist_server.features.summarize.tables import describe_table


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
        'password = "hunter two SECRETVALUE1"',
        'password = "hunter \\" SECRETVALUE1"',
        'password = "hunter two SECRETVALUE1',
        "password: str = 'SECRETVALUE1'",
        "password: str | None = 'a SECRETVALUE1'",
        "password: SECRETVALUE1 user=ann",
        'password := "SECRETVALUE1"',
        '"password" => "SECRETVALUE1"',
        'config["password"] = "SECRETVALUE1"',
        'pw = "SECRETVALUE1"',
        "db_pin: SECRETVALUE1",
        "Passwort: SECRETVALUE1",
        "<password>SECRETVALUE1</password>",
        '<db:password type="text">a SECRETVALUE1</db:password>',
        'SECRET_KEY = """SECRETVALUE1"""',
        'SECRET_KEY = b"SECRETVALUE1"',
        'SECRET_KEY = ("SECRETVALUE1")',
        'password    =    "SECRETVALUE1"',
        '{"password" : "a SECRETVALUE1"}',
        r'"{\"password\": \"SECRETVALUE1\"}"',
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nSECRETVALUE1\n-----END RSA PRIVATE KEY-----\nend",
        "-----BEGIN PRIVATE KEY-----\nMIIE\nSECRETVALUE1\n",
        "SECRETVALUE1\nMIIE\n-----END PRIVATE KEY-----\nend",
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
        "an opinion: pins and spinning: wheels",
        "pinned = true",
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


def test_what_follows_a_secret_stays():
    assert without_secrets('password = "a b", user = "ann"') == 'password = …, user = "ann"'
    key = "-----BEGIN PRIVATE KEY-----\nab\n-----END PRIVATE KEY-----\n"
    assert without_secrets(f"a\n{key}b\n{key}c") == "a\n…\nb\n…\nc"


@pytest.mark.parametrize(
    "rows", ["name,value\npassword,SECRETVALUE1\nhost,db1\n", "host;db1\npw;SECRETVALUE1\nport;1\n"]
)
def test_values_beside_names_of_secrets_are_not_shown(rows):
    facts = describe_table(Selection(Snapshot("file:///a.csv", "a.csv", rows), 0, len(rows)))
    assert "SECRETVALUE1" not in facts.to_markdown()
    assert "values, not shown" in facts.to_markdown()
