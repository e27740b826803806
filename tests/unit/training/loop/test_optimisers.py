"""All matrices of a shape at a time, and as torch does it one by one."""

import copy

import pytest
import torch
from torch import nn

from assist_server.training.loop.optimisers import Muon, orthogonalize

SHAPES = [(8, 8), (8, 8), (24, 8), (4, 16), (24, 8), (24, 8)]


def matrices():
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(shape)) for shape in SHAPES]


def test_it_computes_what_torchs_own_does():
    ours, theirs = matrices(), matrices()
    mine = Muon(ours, 0.02, 0.1)
    reference = torch.optim.Muon(theirs, lr=0.02, weight_decay=0.1, momentum=0.95)
    for step in range(5):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape)
            other.grad = one.grad.clone()
        if step == 3:
            ours[1].grad = theirs[1].grad = None
        mine.step()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)


def test_its_state_goes_on_as_it_was():
    one, other = matrices(), matrices()
    first, second = Muon(one, 0.02, 0.1), Muon(other, 0.02, 0.1)
    gradients = [[torch.randn(shape) for shape in SHAPES] for _ in range(2)]

    def step(optimiser, weights, number):
        for weight, gradient in zip(weights, gradients[number], strict=True):
            weight.grad = gradient
        optimiser.step()

    step(first, one, 0)
    with torch.no_grad():
        for weight, trained in zip(other, one, strict=True):
            weight.copy_(trained)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    step(first, one, 1)
    step(second, other, 1)
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 24, 8), (2, 4, 16)])
def test_singular_values_come_near_to_one(shape):
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonalize(torch.randn(shape)).float())
    assert 0.5 < singular.median() < 1.3
    assert singular.max() < 1.4
