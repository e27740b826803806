import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from assist_server.training.model.losses import chunked_loss


@pytest.mark.parametrize("z_loss", [0.0, 0.01])
@pytest.mark.parametrize("scale", [1.0, 1 / 7])
def test_loss_and_gradients_are_those_of_the_plain_way(monkeypatch, z_loss, scale):
    monkeypatch.setattr("assist_server.training.model.losses._CHUNK_TOKENS", 5)
    torch.manual_seed(0)
    hidden, head = torch.randn(13, 8, requires_grad=True), torch.randn(31, 8, requires_grad=True)
    targets, weights = torch.randint(0, 31, (13,)), torch.rand(13)
    total, plain = chunked_loss(hidden, head, targets, weights, z_loss)
    (scale * total).backward()
    found = hidden.grad.clone(), head.grad.clone()
    hidden.grad = head.grad = None
    logits = hidden @ head.T
    entropy = F.cross_entropy(logits, targets, reduction="none")
    expected = (weights * (entropy + z_loss * logits.logsumexp(-1).square())).sum()
    (scale * expected).backward()
    torch.testing.assert_close(total, expected)
    torch.testing.assert_close(plain, entropy.sum())
    torch.testing.assert_close(found[0], hidden.grad)
    torch.testing.assert_close(found[1], head.grad)


def test_a_head_that_is_not_trained_gets_no_gradient():
    hidden, head = torch.randn(3, 8, requires_grad=True), torch.randn(31, 8)
    chunked_loss(hidden, head, torch.tensor([1, 2, 3]), torch.ones(3))[0].backward()
    assert head.grad is None
    assert hidden.grad is not None


def test_nothing_to_learn_costs_nothing():
    hidden, head = torch.randn(0, 8, requires_grad=True), torch.randn(31, 8, requires_grad=True)
    total, plain = chunked_loss(hidden, head, torch.tensor([], dtype=torch.long), torch.tensor([]))
    total.backward()
    assert total == plain == 0
