from itertools import islice

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import FAMILIES, build_model, build_tokenizer

from assist_server.engine.decoding.healing import ByteTrie, ForcedText, restrict
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.engine.tokens.cut_back import cut_back

SINGLE_BYTES = [bytes([byte]) for byte in range(256)]
QWEN, CODELLAMA = FAMILIES[4], FAMILIES[3]

# Few letters, so that tokens are often prefixes of each other; some bytes of characters, and 0xFF,
# the last in every order. Empty tokens are control tokens; some tokens are spelled alike.
fragments = st.text("ab_ é", max_size=6).map(str.encode) | st.binary(max_size=2)
vocabularies = st.lists(fragments | st.just(b"\xff\xff"), max_size=40)
full_vocabularies = vocabularies.map(lambda tokens: SINGLE_BYTES + tokens)
wanted_bytes = st.text("ab_ é", min_size=1, max_size=8).map(str.encode) | st.binary(
    min_size=1, max_size=4
)


def fits(token, rest):
    return token != b"" and (rest.startswith(token) or token.startswith(rest))


def can_be_spelled(tokens, wanted):
    return wanted == b"" or any(
        fits(token, wanted) and can_be_spelled(tokens, wanted[len(token) :]) for token in tokens
    )


def as_list(ids):
    return None if ids is None else sorted(ids.tolist())


@given(tokens=full_vocabularies, wanted=wanted_bytes, data=st.data())
def test_allowed_is_whatever_fits(tokens, wanted, data):
    forced = ForcedText(ByteTrie(tokens), wanted)
    spelled = b""
    while not forced.is_done:
        rest = wanted[len(spelled) :]
        allowed = [i for i, token in enumerate(tokens) if fits(token, rest)]
        assert as_list(forced.allowed_ids()) == allowed
        chosen = data.draw(st.sampled_from(allowed))
        forced.advance(chosen)
        spelled += tokens[chosen]
    assert spelled.startswith(wanted)
    assert forced.allowed_ids() is None


@given(tokens=vocabularies, wanted=wanted_bytes, data=st.data())
def test_without_all_bytes_no_token_leads_where_none_goes_on(tokens, wanted, data):
    forced = ForcedText(ByteTrie(tokens), wanted)
    assert forced.is_possible == can_be_spelled(tokens, wanted)
    assert forced.is_done == (not forced.is_possible)
    rest = wanted
    while not forced.is_done:
        allowed = [
            i
            for i, token in enumerate(tokens)
            if fits(token, rest) and can_be_spelled(tokens, rest[len(token) :])
        ]
        assert as_list(forced.allowed_ids()) == allowed
        chosen = data.draw(st.sampled_from(allowed))
        forced.advance(chosen)
        rest = rest[len(tokens[chosen]) :]
    assert forced.allowed_ids() is None


def test_what_cannot_be_spelled_constrains_nothing():
    forced = ForcedText(ByteTrie([b"a", b"", b"ab"]), b"ac")
    assert not forced.is_possible
    assert forced.is_done
    assert forced.allowed_ids() is None
    forced.advance(2)


def test_no_bytes_force_nothing():
    forced = ForcedText(ByteTrie([b"a"]), b"")
    assert forced.is_possible
    assert forced.is_done


@pytest.mark.parametrize(
    ("token_id", "what"),
    [(1, "other bytes"), (2, "control"), (9, "none such"), (3, "a dead end")],
)
def test_a_token_that_was_not_allowed_is_refused(token_id, what):
    tokens = [b"abc", b"x", b"", b"a"]
    with pytest.raises(ValueError, match=f"token {token_id}"):
        ForcedText(ByteTrie(tokens), b"abc").advance(token_id)


@given(
    logits=st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30),
    rows=st.sampled_from([(), (2,)]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    data=st.data(),
)
def test_restricting_keeps_the_allowed_logits_and_no_others(logits, rows, dtype, data):
    allowed = data.draw(st.lists(st.sampled_from(range(len(logits))), min_size=1, unique=True))
    given_logits = torch.tensor(logits, dtype=dtype).expand(*rows, -1)
    kept = restrict(given_logits, torch.tensor(allowed))
    is_allowed = torch.zeros(len(logits), dtype=torch.bool)
    is_allowed[allowed] = True
    assert kept.dtype == dtype
    assert torch.equal(kept, torch.where(is_allowed, given_logits, -torch.inf))


def test_without_a_restriction_logits_stay_what_they_are():
    logits = torch.randn(5)
    assert restrict(logits, None) is logits


def random_tokens(count):
    """Every single byte and ASCII words of two to four letters, as many as make `count` tokens."""
    generator = torch.Generator().manual_seed(1)
    words = [
        bytes(torch.randint(97, 101, (length,), generator=generator).tolist())
        for length in torch.randint(2, 5, (count - 256,), generator=generator).tolist()
    ]
    return SINGLE_BYTES + words


TOKENS = random_tokens(300)
TRIE = ByteTrie(TOKENS)
MODELS = {family.config: build_model(family, len(TOKENS)) for family in FAMILIES[1:3]}


@torch.inference_mode()
def greedy(model, prompt_ids, wanted=b""):
    """Greedy decoding without end that begins with `wanted`."""
    ids, forced = list(prompt_ids), ForcedText(TRIE, wanted)
    while True:
        logits = model(torch.tensor([ids])).logits[0, -1]
        token_id = int(restrict(logits, forced.allowed_ids()).argmax())
        forced.advance(token_id)
        ids.append(token_id)
        yield token_id


def spell(ids):
    return b"".join(TOKENS[i] for i in ids)


prompts = st.lists(st.integers(0, len(TOKENS) - 1), min_size=1, max_size=12)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20, deadline=None)
@given(prompt=prompts, wanted=st.text("abcdé ", min_size=1, max_size=6).map(str.encode))
def test_a_forced_completion_begins_with_what_is_forced(name, prompt, wanted):
    healed = list(islice(greedy(MODELS[name], prompt, wanted), len(wanted)))
    assert spell(healed).startswith(wanted)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20, deadline=None)
@given(prompt=prompts, data=st.data())
def test_forcing_what_would_come_anyway_changes_nothing(name, prompt, data):
    plain = list(islice(greedy(MODELS[name], prompt), 6))
    length = data.draw(st.integers(1, len(spell(plain))))
    assert list(islice(greedy(MODELS[name], prompt, spell(plain)[:length]), 6)) == plain


WORDS = ["x", " x", " re", "return", " return", "\n", "    ", " ", "é", "漢", " é"]
CODECS = [TokenCodec(build_tokenizer(family)) for family in (QWEN, CODELLAMA)]


@pytest.mark.parametrize("codec", CODECS, ids=["byte-level", "sentencepiece"])
@given(before=st.lists(st.sampled_from(WORDS)).map("".join), typed=st.sampled_from(["fo", "é漢_1"]))
def test_cutting_back_takes_the_word_off_a_prompt(codec, before, typed):
    control_id = min(codec.special_ids.values())
    prompt_ids = (control_id, *codec.encode(before + typed))
    left, cut_off = cut_back(ByteTrie(codec.token_bytes()).bytes_of, prompt_ids, typed)
    assert cut_off == typed.encode()  # in a vocabulary without longer tokens
    assert left == (control_id, *codec.encode(before))


def test_the_token_in_which_the_word_begins_is_cut_off_as_a_whole():
    trie = ByteTrie([b"return", b" ", b" re", b"s", b" \xc3", b"\xa9", b""])
    assert cut_back(trie.bytes_of, [0, 2, 3], "res") == ((0,), b" res")
    assert cut_back(trie.bytes_of, [0, 1, 3], "s") == ((0, 1), b"s")
    # Not in the middle of a character, though the word would allow it.
    assert cut_back(trie.bytes_of, [0, 4, 5, 3], "s") == ((0, 4, 5), b"s")
    assert cut_back(trie.bytes_of, [0, 4, 5], "\u00e9") == ((0,), b" \xc3\xa9")


@pytest.mark.parametrize(
    "prompt_ids",
    [
        [0, 3, 6],  # a control token follows the word, as where the suffix comes last
        [0, 6, 3],  # it stands in the middle of it
        [2, 3],  # nothing would be left
        [0, 3, 3],  # another word
        [],
    ],
)
def test_nothing_is_cut_off_where_the_prompt_does_not_end_in_the_word(prompt_ids):
    trie = ByteTrie([b"return", b" ", b" re", b"s", b" \xc3", b"\xa9", b""])
    assert cut_back(trie.bytes_of, prompt_ids, "res") == (tuple(prompt_ids), b"")
