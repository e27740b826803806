"""Steps, states and ends of a training run, with a network of some thousand parameters."""

import errno
import json

import pytest
import torch

from assist_server.errors import AssistError, InputError
from assist_server.training.examples.cutting import Mixture
from assist_server.training.examples.windows import Recipe, WindowStream
from assist_server.training.loop import checkpoints, resources
from assist_server.training.loop.checkpoints import (
    LATEST,
    STABLE,
    read_state,
    save_state,
    state_to_resume,
)
from assist_server.training.loop.reports import SilentWatcher, read_log
from assist_server.training.loop.schedule import Budget
from assist_server.training.loop.trainer import Plan, Trainer
from assist_server.training.model.network import Network
from assist_server.training.model.sizes import Rates, Shape

RATES = Rates(adamw=0.01, muon=0.02, dropout=0.1, warmup_steps=3)
CONTEXT = 64
TOKENS = 4 * CONTEXT
"""At most, of a step."""


class Watcher(SilentWatcher):
    """Keeps what it is told, and stops when it was asked a number of times."""

    def __init__(self, stop_at_step=None, stop_at_question=None):
        self.reports = []
        self.questions = 0
        self._stop_at_step, self._stop_at_question = stop_at_step, stop_at_question

    def step(self, report):
        self.reports.append(report)

    def wants_to_stop(self):
        self.questions += 1
        if self._stop_at_question is not None:
            return self.questions >= self._stop_at_question
        return self._stop_at_step is not None and len(self.reports) >= self._stop_at_step


@pytest.fixture
def make(documents, vocabulary, tmp_path):
    def make_trainer(name="run", *, validates=True):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        recipe = Recipe(0, CONTEXT, 200, Mixture())
        stream = WindowStream(documents[:-1], vocabulary, recipe)
        validation = WindowStream(documents[-1:], vocabulary, recipe).first_windows(4)
        torch.manual_seed(0)
        shape = Shape(512, 32, 2, heads=2, kv_heads=1, head_size=16, feed_forward=64)
        network = Network(shape, RATES.dropout)
        plan = Plan(0, 4, 2, RATES, "cpu", is_bfloat16=False)
        weights = dict(network.named_parameters())
        return Trainer(network, weights, stream, validation if validates else [], plan, folder)

    return make_trainer


def weights_of(trainer):
    return {name: weight.clone() for name, weight in trainer.state()["weights"].items()}


def same(one, other):
    return all(torch.equal(weight, other[name]) for name, weight in one.items())


@pytest.mark.slow
def test_the_loss_falls(make):
    trainer, watcher = make(), Watcher()
    before = trainer.validation_loss()
    trainer.run(Budget(tokens=60 * TOKENS), watcher)
    losses = [report.loss for report in watcher.reports]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    assert trainer.validation_loss() < before
    assert watcher.reports[-1].done == 1
    assert watcher.reports[-1].rate < 0.2 < max(report.rate for report in watcher.reports) == 1


@pytest.mark.slow
@pytest.mark.parametrize("stop_at_step", [1, 6, 17])
def test_a_resumed_training_is_the_undisturbed_one_bit_by_bit(make, tmp_path, stop_at_step):
    budget = Budget(tokens=20 * TOKENS)
    whole = make("whole")
    whole.run(budget, Watcher())
    first = make("parts")
    first.run(budget, Watcher(stop_at_step))
    assert not same(weights_of(first), weights_of(whole))
    second = make("parts")
    state, resumed_budget = state_to_resume(tmp_path / "parts", None)
    second.restore(state)
    second.run(resumed_budget, Watcher())
    assert resumed_budget == budget
    assert same(weights_of(second), weights_of(whole))
    assert same(second.state()["average"], whole.state()["average"])
    assert second.progress.position == whole.progress.position
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("whole", "parts")]
    assert [[row["step"], row["loss"]] for row in logs[0]] == [
        [row["step"], row["loss"]] for row in logs[1]
    ]


@pytest.mark.slow
def test_a_step_that_is_broken_off_leaves_everything_as_it_was(make):
    trainer = make()
    trainer.run(Budget(tokens=20 * TOKENS), Watcher(2))
    before, place = weights_of(trainer), trainer.progress.step
    # Asked once before the step, and once before each of its passes.
    trainer.run(Budget(tokens=20 * TOKENS), Watcher(stop_at_question=3))
    assert trainer.progress.step == place
    assert same(weights_of(trainer), before)


@pytest.mark.slow
def test_more_budget_goes_back_to_before_the_decay(make, tmp_path):
    trainer = make()
    trainer.run(Budget(tokens=10 * TOKENS), Watcher())
    latest, stable = (read_state(tmp_path / "run" / name) for name in (LATEST, STABLE))
    assert latest["place"]["decay_start"] is not None
    assert stable["place"]["decay_start"] is None
    assert stable["place"]["step"] < latest["place"]["step"]
    same_again, _ = state_to_resume(tmp_path / "run", Budget(tokens=10 * TOKENS))
    assert same_again["place"] == latest["place"]
    longer, budget = state_to_resume(tmp_path / "run", Budget(tokens=30 * TOKENS))
    assert longer["place"] == stable["place"]
    assert budget == Budget(tokens=30 * TOKENS)


@pytest.mark.slow
def test_a_decay_may_begin_at_any_state(make, tmp_path):
    trainer = make()
    trainer.run(Budget(tokens=1000 * TOKENS), Watcher(9))
    state, budget = state_to_resume(
        tmp_path / "run", Budget(tokens=trainer.progress.tokens + TOKENS)
    )
    assert state["place"]["decay_start"] is None
    again, watcher = make(), Watcher()
    again.restore(state)
    again.run(budget, watcher)
    assert again.progress.decay_start == trainer.progress.tokens
    assert watcher.reports[0].rate == 1
    assert watcher.reports[-1].done == 1


@pytest.mark.slow
def test_the_log_has_a_line_of_json_for_each_step(make, tmp_path):
    watcher = Watcher(3)
    make().run(Budget(tokens=20 * TOKENS), watcher)
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["loss"] for line in lines] == [one.loss for one in watcher.reports]


@pytest.mark.slow
def test_the_better_weights_are_taken(make):
    trainer = make()
    trainer.run(Budget(tokens=30 * TOKENS), Watcher())
    plain = trainer.validation_loss()
    which, loss = trainer.use_better_weights()
    assert which in {"average", "last"}
    assert loss <= plain
    assert trainer.validation_loss() == pytest.approx(loss)
    assert make("other", validates=False).use_better_weights() == ("average", None)


@pytest.mark.slow
def test_a_step_without_a_number_is_left_out(make, monkeypatch):
    trainer, watcher = make(), Watcher(1)
    with torch.no_grad():
        next(iter(trainer._weights.values())).fill_(float("inf"))
    before = weights_of(trainer)
    trainer.run(Budget(tokens=20 * TOKENS), watcher)
    after = weights_of(trainer)
    assert all(torch.equal(before[name], after[name]) for name in before)


# Disk


def test_a_full_disk_keeps_the_state_before_and_says_so(tmp_path, monkeypatch):
    file = tmp_path / LATEST
    save_state({"step": 1}, file)

    def write(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.torch, "save", write)
    with pytest.raises(AssistError, match="the disk is full; the last saved state is kept"):
        save_state({"step": 2}, file)
    assert read_state(file) == {"step": 1}
    assert [one.name for one in tmp_path.iterdir()] == [LATEST]


def test_a_broken_state_is_refused(tmp_path):
    (tmp_path / LATEST).write_bytes(b"half")
    with pytest.raises(InputError, match="cannot read a training state"):
        read_state(tmp_path / LATEST)


def test_too_little_room_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match=r"size 'x' needs [\d,]+ MB in .* are free"):
        resources.check_disk(tmp_path / "new" / "folder", 10**18, "size 'x'")
    with pytest.raises(InputError, match="of memory"):
        resources.check_memory(10**18, "size 'x'", "close other programs")
    resources.check_disk(tmp_path, 0, "nothing")
    resources.check_memory(0, "nothing", "")
