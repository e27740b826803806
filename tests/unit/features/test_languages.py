import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.features.inline_completion import Outcome, complete
from assist_server.features.languages import Offer, offer_in
from assist_server.settings import CompletionSettings, Settings

PYTHON_ONLY = ("python",)


def offered(language_id="", path="a", languages=PYTHON_ONLY, **rules):
    info = NullBackend(languages=languages).info
    settings = CompletionSettings(languages=rules.get("rules", {}))
    return offer_in(Snapshot("file:///a", path, "x", language_id), info, settings)


@pytest.mark.parametrize(
    ("language_id", "path", "offer"),
    [
        ("python", "a", Offer.ALWAYS),
        ("", "a.py", Offer.ALWAYS),
        ("plaintext", "a.py", Offer.ALWAYS),
        ("gitcommit", "COMMIT_EDITMSG", Offer.WHEN_INVOKED),
        ("markdown", "README.md", Offer.WHEN_INVOKED),
        ("javascript", "a.js", Offer.WHEN_INVOKED),
        ("javascriptreact", "a.jsx", Offer.WHEN_INVOKED),
        ("", "notes", Offer.WHEN_INVOKED),
    ],
)
def test_a_model_is_asked_for_what_it_knows(language_id, path, offer):
    assert offered(language_id, path) is offer


def test_a_model_that_names_no_languages_is_asked_for_all():
    assert offered("markdown", languages=None) is Offer.ALWAYS


def test_a_model_that_names_an_empty_list_is_never_asked_unbidden():
    assert offered("python", languages=()) is Offer.WHEN_INVOKED


def test_both_names_of_a_language_count():
    assert offered("typescriptreact", "a.tsx", ("tsx",)) is Offer.ALWAYS
    assert offered("typescriptreact", "a.tsx", ("typescriptreact",)) is Offer.ALWAYS


@pytest.mark.parametrize(
    ("rules", "offer"),
    [
        ({"markdown": True}, Offer.ALWAYS),
        ({"markdown": False}, Offer.NEVER),
        ({"*": True}, Offer.ALWAYS),
        ({"*": False}, Offer.NEVER),
        ({"*": False, "markdown": True}, Offer.ALWAYS),
        ({"markdown": True, "*.md": False}, Offer.NEVER),
        ({"*.md": True, "docs/*": False}, Offer.NEVER),
        ({"docs/*": False, "docs/guide.*": True}, Offer.ALWAYS),
        ({"guide.md": True, "*.md": False}, Offer.ALWAYS),
        ({"python": True}, Offer.WHEN_INVOKED),
        ({"mark": True}, Offer.WHEN_INVOKED),
    ],
)
def test_the_most_specific_rule_of_the_user_decides(rules, offer):
    assert offered("markdown", "docs/guide.md", rules=rules) is offer


def ask(rules, *, is_automatic):
    context = CursorContext(Snapshot("file:///a.md", "a.md", "Some ", "markdown"), 5)
    settings = Settings(completion=CompletionSettings(languages=rules))
    backend = NullBackend(answer="words", languages=PYTHON_ONLY)
    return complete(context, backend, settings, is_automatic=is_automatic)


def test_elsewhere_only_who_asks_gets_an_answer():
    silent = ask({}, is_automatic=True)
    assert (silent.outcome, silent.text) == (Outcome.LANGUAGE_UNKNOWN, None)
    assert "python" in silent.detail
    assert ask({}, is_automatic=False).text == "words"


def test_the_setting_decides_both_ways():
    assert ask({"markdown": True}, is_automatic=True).text == "words"
    assert ask({"*.md": False}, is_automatic=False).outcome is Outcome.LANGUAGE_OFF
