import pytest

from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.documentation.plausibility import is_plausible, new_words, stem
from assist_server.syntax.definition import Definition, Kind, Parameter, Span

NOWHERE = Span(0, 0)
BODY = "queue = self.waiting\nqueue.append(item)  # the oldest go first\nself.notify_readers()"


def request(
    kind=PhraseKind.SUMMARY, subject="put_item", parent=None, name="put_item"
) -> PhraseRequest:
    definition = Definition(
        Kind.FUNCTION, name, NOWHERE, NOWHERE, 0,
        parameters=(Parameter("item"), Parameter("cfg")), parent=parent,
    )  # fmt: skip
    return PhraseRequest(kind, subject, definition)


@pytest.mark.parametrize(
    ("phrase", "is_used"),
    [
        ("Put the item.", False),  # the name again
        ("Puts an item, with a configuration.", False),  # the names of the parameters
        ("Append the item to the waiting queue.", True),
        ("Append an item and notify readers.", True),
        ("Remove the item from the database.", False),  # not what the body does
        ("Return the given value.", False),  # no words with a meaning
    ],
)
def test_a_phrase_says_more_and_has_the_words_of_the_body(phrase, is_used):
    assert is_plausible(phrase, request(), BODY) == is_used


def test_a_summary_may_name_the_class():
    assert not is_plausible("Put an item into the inventory.", request(), BODY)
    assert is_plausible("Put an item into the inventory.", request(parent="Inventory"), BODY)


@pytest.mark.parametrize("name", ["SetChunkSize", "get_chunk_size", "hasChunkSize"])
def test_the_object_of_an_accessor_is_no_news(name):
    own = request(subject=name, name=name, parent="Writer")
    body = "self.chunk_size_bytes = size"
    assert not is_plausible("Set the chunk size of the writer.", own, body)
    assert is_plausible("Set the chunk size in bytes of self.", own, body)


def test_parameters_of_others_are_new_words_for_a_parameter():
    assert new_words("the item to put", request(PhraseKind.PARAMETER, "cfg")) == []
    assert new_words("the waiting item", request(PhraseKind.PARAMETER, "item")) == [stem("waiting")]


def test_what_a_model_says_about_exceptions_is_never_used():
    assert not is_plausible("If the queue is waiting", request(PhraseKind.RAISES, "E"), BODY)


@pytest.mark.parametrize("words", ["read reads reading reader", "copy copies copied", "file files"])
def test_forms_of_a_word_have_one_stem(words):
    assert len({stem(word) for word in words.split()}) == 1
