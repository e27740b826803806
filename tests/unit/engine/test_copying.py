import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.copying import Copier, Copy, CopyRule
from assist_server.errors import ModelError

NOTHING_KNOWN = CopyRule({"bias": 0.0, "log_match_tokens": 0.0, "log_odds": 1.0})


def test_the_longest_match_tells_what_follows():
    assert Copier([1, 2, 3, 8, 9, 3, 7, 1, 2, 3]).copies() == [Copy(8, 3)]


def test_of_several_as_long_the_last_one_counts():
    assert Copier([5, 1, 6, 1, 7, 1]).copies() == [Copy(7, 1)]


def test_where_nothing_stood_before_nothing_is_copied():
    assert Copier([1, 2, 3]).copies() == [None]
    assert Copier([]).copies() == [None]


def test_tokens_that_are_no_text_are_not_copied():
    assert Copier([1, 2, 99, 1, 2], never={99}).copies() == [None]
    assert Copier([2, 7, 1, 2, 99, 1, 2], never={99}).copies() == [None]


def test_a_draft_is_looked_up_token_by_token_and_forgotten():
    copier = Copier([1, 2, 3, 4, 1])
    assert copier.copies([2, 9]) == [Copy(2, 1), Copy(3, 2), None]
    assert copier.copies() == [Copy(2, 1)]
    copier.add([2])
    assert copier.copies() == [Copy(3, 2)]


@given(st.lists(st.integers(0, 3), max_size=40))
def test_a_copy_is_what_a_search_finds(ids):
    found = None
    for count in range(1, 17):
        places = [p for p in range(len(ids) - count) if ids[p : p + count] == ids[-count:]]
        if places:
            found = Copy(ids[places[-1] + count], count)
    assert Copier(ids).copies() == [found]


@given(st.lists(st.floats(-20, 20), min_size=4, max_size=4), st.integers(1, 16))
def test_a_rule_that_believes_the_model_changes_nothing(row, match):
    logits = torch.tensor([row])
    changed = NOTHING_KNOWN.applied(logits, [Copy(2, match)])
    expected = logits.softmax(-1)
    assert torch.allclose(changed.softmax(-1), expected, atol=1e-5)


@given(st.lists(st.floats(-20, 20), min_size=4, max_size=4), st.integers(1, 16))
def test_a_copy_is_as_likely_as_the_rule_says_and_the_others_share_the_rest(row, match):
    rule = CopyRule({"bias": -1.0, "log_match_tokens": 0.7, "log_odds": 0.0})
    before = torch.tensor([row]).softmax(-1)[0]
    after = rule.applied(torch.tensor([row]), [Copy(2, match)]).softmax(-1)[0]
    assert float(after[2]) == pytest.approx(1 / (1 + math.exp(1 - 0.7 * math.log(match))), rel=1e-3)
    others = [0, 1, 3]
    shares = before[others] / before[others].sum()
    assert torch.allclose(after[others] / after[others].sum(), shares, atol=1e-3)


def test_rows_without_a_copy_stay_as_they_are():
    logits = torch.zeros(2, 3)
    rule = CopyRule({"bias": 5.0, "log_match_tokens": 0.0, "log_odds": 0.0})
    changed = rule.applied(logits, [None, Copy(1, 1)])
    assert changed[0].tolist() == [0, 0, 0]
    assert changed[1].argmax() == 1


def test_logits_of_half_precision_become_whole():
    logits = torch.zeros(1, 3, dtype=torch.bfloat16)
    rule = CopyRule({"bias": 0.0, "log_match_tokens": 0.0, "log_odds": 0.0})
    changed = rule.applied(logits, [Copy(1, 1)])
    assert changed.softmax(-1).tolist()[0] == pytest.approx([0.25, 0.5, 0.25])


def test_a_certain_token_stays_a_number():
    logits = torch.tensor([[200.0, 0.0]])
    rule = CopyRule({"bias": 0.0, "log_match_tokens": 1.0, "log_odds": 0.5})
    assert rule.applied(logits, [Copy(0, 3)]).isfinite().all()
    assert rule.applied(logits, [Copy(1, 3)]).isfinite().all()


def test_a_rule_that_lacks_a_weight_is_refused():
    with pytest.raises(ModelError, match="calibrate --copies"):
        CopyRule({"bias": 0.0})
