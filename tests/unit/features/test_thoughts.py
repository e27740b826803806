import pytest

from assist_server.features.thoughts import may_be_thoughts, without_thoughts


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<think>\na\n\nb</think>\n\nIt is.", "It is."),
        ("\n<think></think>It is.", "It is."),
        ("<think>It is", ""),
        ("I think <b>so</b>.", "I think <b>so</b>."),
    ],
)
def test_thoughts_are_removed(answer, said):
    assert without_thoughts(answer) == said


@pytest.mark.parametrize(
    ("answer", "is_open"), [("", True), ("\n<thi", True), ("<think>", True), ("<this", False)]
)
def test_the_first_characters_of_the_mark_may_become_thoughts(answer, is_open):
    assert may_be_thoughts(answer) == is_open
