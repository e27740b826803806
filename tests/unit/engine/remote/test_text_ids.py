from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.remote import text_ids
from assist_server.engine.remote.text_ids import MARKS, PREFIX, SUFFIX, Part
from assist_server.prompts.fim import SERVER

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS)
def test_ids_become_the_same_texts(prefix, suffix):
    ids = [MARKS[PREFIX], *text_ids.encode(prefix), MARKS[SUFFIX], *text_ids.encode(suffix)]
    assert text_ids.parts_of(ids) == [Part(PREFIX, prefix), Part(SUFFIX, suffix)]


def test_marks_in_a_text_stay_text():
    ids = text_ids.encode(f"{SUFFIX}{PREFIX}<|user|>\0\1")
    assert set(MARKS.values()).isdisjoint(ids)
    assert text_ids.parts_of(ids) == [Part("", f"{SUFFIX}{PREFIX}<|user|>\0\1")]


def test_half_a_character_does_no_harm():
    assert text_ids.decode(text_ids.encode("a\ud83d")) == "a?"


def test_a_prompt_of_nothing_is_empty():
    assert text_ids.parts_of([MARKS[text_ids.END]]) == [Part(text_ids.END, "")]


def test_the_template_has_these_marks():
    assert (SERVER.family, SERVER.control_tokens) == (text_ids.TEMPLATE, (PREFIX, SUFFIX))


def test_code_takes_about_as_many_ids_as_tokens():
    code = "def read(path):\n    with open(path) as file:\n        return file.read()\n"
    assert 20 <= len(text_ids.encode(code)) <= 40  # GPT-2's tokenizer: 27
