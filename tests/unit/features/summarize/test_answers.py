"""What remains of a model's answer."""

import pytest

from assist_server.features.summarize.answers import adds_to, is_echo, supported_part, without_code

SOURCE = "The shop of Berlin sold 12 lamps to get_customer in May."


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("It sold 12 lamps. It sold 40 chairs.", "It sold 12 lamps."),
        ("It sold lamps in Berlin. The buyer came from Paris.", "It sold lamps in Berlin."),
        (
            "It sold lamps.\n\n- 12 lamps\n- 13 chairs\n- calls setPrice",
            "It sold lamps.\n\n- 12 lamps",
        ),
        ("It sold lamps in May. It closed in last June.", "It sold lamps in May."),
        ("It sold lamps.\n\nDetails:\n- 40 chairs", "It sold lamps."),
        ("It sold 40 chairs.", ""),
        ("Your answer must have bullet points. It sold lamps.", "It sold lamps."),
        (
            "You've already provided a summary. I'll add a few more. It sold lamps.",
            "It sold lamps.",
        ),
    ],
)
def test_only_what_the_source_supports_is_left(answer, left):
    assert supported_part(answer, SOURCE) == left


def test_what_repeats_the_request_is_left_out():
    request = "You summarize a text for a person. Name only what is there, in Markdown."
    answer = (
        "It sold lamps. You summarize a text for a person.\n\n- Name only what is there\n- lamps"
    )
    assert supported_part(answer, SOURCE, request) == "It sold lamps.\n\n- lamps"
    assert (
        supported_part("It sold lamps.\n\n---------------", SOURCE)
        == "It sold lamps.\n\n---------------"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (SOURCE, True),
        (SOURCE.upper(), True),
        ("sold 12 lamps to get_customer in may.", True),
        ("A shop sells lamps.", False),
        ("Lamps were sold by a shop in Berlin, twelve of them, to one customer.", False),
    ],
)
def test_an_echo_is_recognized(answer, expected):
    assert is_echo(answer, SOURCE) is expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The shop sold more lamps than before.", True),
        ("店は前よりも多くのランプを売った。", True),
        ("A table of 4 rows and 2 columns: `shop` and `lamps`.", False),
        ("A table of the lamps that a shop", False),
        ("1.", False),
        ("", False),
    ],
)
def test_a_sentence_above_the_facts_says_more_than_they(sentence, expected):
    facts = "A table of 4 rows and 2 columns, separated by commas: `shop` and `lamps`."
    assert adds_to(facts, sentence) is expected


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("It stacks.", "It stacks."),
        ("**Stack** of plates", "**Stack** of plates"),
        ("#[test]\n#[test]", ""),
        ("It stacks.\n\nfn f() {\n    g();\n}\n\nIt sorts.", "It stacks.\n\nIt sorts."),
        ("\u6808\u3002", "\u6808\u3002"),
    ],
)  # fmt: skip
def test_code_is_left_out_of_an_answer_about_code(answer, left):
    assert without_code(answer) == left
