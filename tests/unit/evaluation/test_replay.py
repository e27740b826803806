import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.evaluation.replay import choose_spans, replay, savings
from assist_server.evaluation.tasks import Source
from assist_server.features.inline_completion import InlineCompletion, Outcome

TEXT = "first = 1\nsecond = first\nthird = second\n"


def answering(answers):
    """Completes with what is given for a place, and notes the places."""
    asked = []

    def ask(context):
        asked.append(context.offset)
        text = answers.get(context.offset)
        offset = context.offset
        return InlineCompletion(Outcome.SHOWN, text=text, start=offset, end=offset)

    return ask, asked


def always(_, completion):
    return completion.text is not None


def play(answers, start=10, end=24):
    ask, asked = answering(answers)
    return replay(Source("a.py", TEXT), start, end, ask, always), asked


def test_a_right_completion_is_accepted_at_once():
    done, asked = play({10: "second = first"})
    assert (done.typed_chars, done.accepted_chars) == (0, 14)
    assert asked == [10]
    assert [shown.is_right for shown in done.shown] == [True]


def test_without_completions_everything_is_typed():
    done, asked = play({})
    assert (done.typed_chars, done.accepted_chars, done.shown) == (14, 0, ())
    assert asked == list(range(10, 24))


def test_a_wrong_completion_stays_while_the_keys_agree():
    done, asked = play({10: "sections", 14: "nd = first"})
    assert asked == [10, 14]
    assert (done.typed_chars, done.accepted_chars) == (4, 10)
    assert [shown.is_right for shown in done.shown] == [False, True]


def test_only_the_first_line_is_accepted():
    done, _ = play({10: "second = first\nwrong()"})
    assert done.accepted_chars == 14


def test_what_is_not_shown_is_not_accepted():
    ask, _ = answering({10: "second = first"})
    done = replay(Source("a.py", TEXT), 10, 24, ask, lambda *_: False)
    assert (done.accepted_chars, done.shown) == (0, ())


def test_the_model_never_sees_what_is_typed_again():
    def ask(context):
        seen = context.snapshot.text
        assert seen == TEXT[: context.offset] + TEXT[24:]
        return InlineCompletion(Outcome.FILTERED)

    replay(Source("a.py", TEXT), 10, 24, ask, always)


@given(st.dictionaries(st.integers(10, 23), st.text("seco =frit\n", max_size=15)))
def test_every_character_is_typed_or_accepted(answers):
    done, asked = play(answers)
    assert done.typed_chars + done.accepted_chars == 14
    assert asked == sorted(set(asked))
    assert len(done.shown) <= len(asked)


def test_savings_are_of_all_pieces_together():
    right, _ = play({10: "second = first"})
    wrong, _ = play({10: "wrong"})
    found = savings([right, wrong])
    assert {name: one.mean for name, one in found.items()} == {
        "completed": 0.5,
        "shown were right": 0.5,
        "shown per character": pytest.approx(2 / 28),
    }
    assert savings([])["completed"] is None


def test_pieces_are_whole_lines_of_different_files():
    sources = [Source(f"{name}.py", f"{name} = 1\n" * 50) for name in "abc"]
    spans = choose_spans(sources, 2, 40, 0)
    assert len({source.path for source, _, _ in spans}) == 2
    for source, start, end in spans:
        assert source.text[start - 1] == "\n" == source.text[end]
        assert end - start >= 40
