from hypothesis import given, settings
from hypothesis import strategies as st

from assist_server.prompts.fim import TEMPLATES, Slot, path_comment, render_fim
from assist_server.training.examples.cutting import Example, Layout, Mixture, cut
from assist_server.training.examples.rendering import Renderer, Vocabulary
from assist_server.training.model.tokenizer import control_ids

EXAMPLE = Example(
    "pkg/a.py", "def f(a):\n    ", "return a", "\n\nf(1)\n", Layout.SUFFIX_FIRST, True
)


def asked(vocabulary, example):
    """The prompt of the engine for the same place."""
    encode = lambda text: vocabulary.tokenizer.encode(text).ids  # noqa: E731
    slots = {
        Slot.PATH_COMMENT: encode(path_comment(example.path)),
        Slot.PREFIX: encode(example.prefix),
        Slot.SUFFIX: encode(example.suffix),
    }
    return [*render_fim(vocabulary.template, slots, vocabulary.special_ids).ids]


def test_an_example_is_the_engines_prompt_the_answer_and_the_end(vocabulary):
    token_boundary = Example(**{**vars(EXAMPLE), "has_token_boundary": True})
    (rendered,) = Renderer(vocabulary, 200).render([token_boundary])
    answer = vocabulary.tokenizer.encode(EXAMPLE.middle).ids
    assert rendered.ids == [*asked(vocabulary, EXAMPLE), *answer, vocabulary.end_id]


def test_text_across_the_cursor_is_usually_tokenised_as_one(vocabulary):
    example = Example("a.py", "x = na", "me.upper()", "\n", Layout.SUFFIX_FIRST, True)
    (rendered,) = Renderer(vocabulary, 200).render([example])
    whole = vocabulary.tokenizer.encode("x = name.upper()").ids
    assert rendered.ids[-len(whole) - 1 :] == [*whole, vocabulary.end_id]


def test_text_and_the_end_are_learned_and_nothing_else(vocabulary):
    (rendered,) = Renderer(vocabulary, 200).render([EXAMPLE])
    learned = [i for i, on in zip(rendered.ids, rendered.weights, strict=True) if on]
    text = vocabulary.tokenizer.decode(learned[:-1])
    assert text == EXAMPLE.suffix + EXAMPLE.prefix + EXAMPLE.middle
    assert learned[-1] == vocabulary.end_id


def test_what_fills_the_hole_counts_more_than_what_stands_around_it(vocabulary):
    for has_token_boundary in (False, True):
        example = Example(**{**vars(EXAMPLE), "has_token_boundary": has_token_boundary})
        (rendered,) = Renderer(vocabulary, 200).render([example])
        heavy = [i for i, weight in zip(rendered.ids, rendered.weights, strict=True) if weight > 1]
        assert vocabulary.tokenizer.decode(heavy[:-1]) == EXAMPLE.middle
        assert heavy[-1] == vocabulary.end_id
    whole = Example("a.py", "def f(): pass\n", "", "", Layout.LEFT_TO_RIGHT, True)
    (rendered,) = Renderer(vocabulary, 200).render([whole])
    assert set(rendered.weights) == {0, 1}


def test_of_a_pair_only_the_short_text_is_learned(vocabulary):
    pair = Example("a.md", "", "Do it", "\n\nlong " * 9, Layout.SUFFIX_FIRST, True, True, False)
    (rendered,) = Renderer(vocabulary, 200).render([pair])
    learned = [i for i, on in zip(rendered.ids, rendered.weights, strict=True) if on]
    assert vocabulary.tokenizer.decode(learned[:-1]) == "Do it"


def test_prefix_first_is_the_other_usual_order(vocabulary):
    swapped = Example(**{**vars(EXAMPLE), "layout": Layout.PREFIX_FIRST})
    (rendered,) = Renderer(vocabulary, 200).render([swapped])
    ids = control_ids(vocabulary.tokenizer)
    controls = [i for i in rendered.ids if i in ids.values()]
    names = ("<|file_sep|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")
    assert controls == [ids[name] for name in names]


def test_families_that_were_trained_prefix_first_are_asked_so(vocabulary):
    qwen = next(template for template in TEMPLATES if template.family == "qwen2.5-coder")
    other = Vocabulary(vocabulary.tokenizer, qwen, vocabulary.special_ids, vocabulary.end_id, 300)
    (rendered,) = Renderer(other, 200).render([EXAMPLE])
    answer = vocabulary.tokenizer.encode(EXAMPLE.middle).ids
    assert rendered.ids == [300, *asked(other, EXAMPLE), *answer, other.end_id]
    assert len(rendered.ids) == len(rendered.weights)


places = st.tuples(st.integers(0, 8), st.integers(0, 9))


@settings(deadline=None, max_examples=40)
@given(places, st.integers(40, 300), st.integers(20, 3_000))
def test_no_example_is_too_long_and_the_answer_stays_whole(
    documents, vocabulary, place, tokens, chars
):
    number, epoch = place
    examples = list(cut(documents[number], 0, epoch, chars, Mixture()))[:20]
    rendered = Renderer(vocabulary, tokens).render(examples)
    for example, found in zip(examples, rendered, strict=True):
        assert len(found.ids) == len(found.weights) <= tokens
        if len(vocabulary.tokenizer.encode(example.middle).ids) < 0.6 * tokens - 10:
            text = vocabulary.tokenizer.decode(found.ids)
            assert not example.middle or text.endswith(example.middle)
