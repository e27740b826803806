from assist_server.evaluation.summaries import Pair, lead, rate_summaries, text_rank

TEXT = (
    "It began long ago. The parser reads source files and the parser writes a tree. "
    "A tree of source files is what the parser gives. Have fun!"
)


def test_lead_is_the_first_sentence():
    assert lead(TEXT) == "It began long ago."
    assert lead("  ") == ""


def test_text_rank_is_the_sentence_that_shares_most():
    assert text_rank(TEXT).startswith(("The parser reads", "A tree of source"))
    assert text_rank("One. Two.") in {"One.", "Two."}


def test_summaries_are_compared_with_what_people_wrote():
    found = rate_summaries(lead, [Pair(TEXT, "It began long ago"), Pair("No.", "Something else")])
    assert found["ROUGE-1"].mean == found["ROUGE-L"].mean == 0.5
