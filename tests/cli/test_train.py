"""`train` and `finetune`: from an empty folder to completions, and what is refused."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch
from distributions import install, library_code
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.features.infilling import Gap, build_prompt
from assist_server.settings import Settings
from assist_server.training.loop import resources
from assist_server.training.loop.checkpoints import read_state
from assist_server.training.loop.reports import TrainingLog, read_log

NAMES = ("textwrap", "shlex", "bisect", "calendar", "cmd", "code", "fnmatch", "heapq", "csv")
HELD_OUT = ("abc", "graphlib", "shelve")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with installed packages: some code to learn from, and some that is held out."""
    folder = tmp_path_factory.mktemp("packages")
    install(folder, "free", {f"free/{path}": text for path, text in library_code(*NAMES).items()})
    held_out = library_code(*HELD_OUT)
    install(folder, "jinja2", {f"jinja2/{path}": text for path, text in held_out.items()})
    return folder


@pytest.fixture(autouse=True)
def threads():
    """One thread: more of them only wait for each other over so little work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained(packages, tmp_path_factory):
    """A toy that was trained by the command; made by the first test that wants it."""
    return tmp_path_factory.mktemp("trained") / "toy"


def train(run, packages, out, *options):
    options = ("--device", "cpu", *options)
    return run("train", "--size", "toy", "--packages", packages, "--out", out, *options)


def weights(folder):
    return read_state(folder / "training" / "latest.pt")["weights"]


@pytest.fixture
def toy(run, packages, trained):
    if not trained.exists():
        result = train(run, packages, trained, "--tokens", "60k")
        assert result.code == 0, result.err
        assert re.match(r"done: 6\d,\d{3} tokens in .*\nto use it, set: model = ", result.out)
    return trained


def test_a_model_is_trained_from_an_empty_folder(toy):
    losses = [row["loss"] for row in read_log(toy / "training" / "log.jsonl")]
    assert losses[-1] < 0.85 * losses[0]
    facts = json.loads((toy / "training.json").read_text())
    assert facts["validation_nats_per_token"] < losses[0]
    assert facts["tokens"] >= 60_000
    assert len(facts["corpus_manifest_sha256"]) == 64


def test_the_engine_loads_the_result_and_completes(toy):
    backend = open_backend(ModelChoice(str(toy), device="cpu"))
    try:
        gap = Gap.between("a.py", "def first(items):\n    ", "\n")
        prompt = build_prompt(gap, backend, Settings(), 8)
        assert backend.info.fim_template == "assist"
        assert "<|fim_suffix|>" in backend.decode_prompt(prompt.ids)
    finally:
        backend.close()


def test_its_completions_are_served_by_the_usual_commands(run, toy, project):
    (project / "a.py").write_text("import os\n\n\ndef first(items):\n    return \n")
    result = run("complete", "a.py", "--line", 5, "--column", 12, "--model", toy, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)


def test_a_resumed_training_is_the_undisturbed_one(run, packages, toy, tmp_path):
    shutil.copytree(toy, tmp_path / "longer")
    resumed = run("train", "--size", "toy", "--out", tmp_path / "longer", "--resume",
                  "--tokens", "70k")  # fmt: skip
    assert resumed.code == 0, resumed.err
    whole = train(run, packages, tmp_path / "whole", "--tokens", "70k")
    assert whole.code == 0, whole.err
    one, other = weights(tmp_path / "longer"), weights(tmp_path / "whole")
    assert all(torch.equal(one[name], other[name]) for name in one)
    models = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("longer", "whole")]
    assert models[0] == models[1]


def test_a_signal_saves_and_ends(packages, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "assist_server", "train", "--size", "toy", "--tokens", "1b",
         "--packages", packages, "--out", out],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    log = out / "training" / "log.jsonl"
    deadline = time.monotonic() + 100
    while not (log.exists() and log.stat().st_size):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert told.startswith("stopped; continue with --resume: ")
    assert read_state(out / "training" / "latest.pt")["place"]["step"] == len(read_log(log))
    assert (out / "model.safetensors").exists()


def test_a_training_begins_with_a_model_that_exists(run, packages, toy, tmp_path):
    # What the model was configured for stays, however long the windows are that it learns from.
    start = shutil.copytree(toy, tmp_path / "start", ignore=shutil.ignore_patterns("training"))
    config = json.loads((start / "config.json").read_text()) | {"max_position_embeddings": 300}
    (start / "config.json").write_text(json.dumps(config))
    options = ("--from", start, "--packages", packages, "--out", tmp_path / "out")
    begun = run("train", *options, "--tokens", "15k", "--device", "cpu")
    assert begun.code == 0, begun.err
    facts = json.loads((tmp_path / "out" / "training.json").read_text())
    before = json.loads((toy / "training.json").read_text())["validation_nats_per_token"]
    assert facts["validation_nats_per_token_before"] == pytest.approx(before, rel=0.01)
    assert facts["validation_nats_per_token"] < before
    found, wanted = (
        (folder / "tokenizer.json").read_text() for folder in (tmp_path / "out", start)
    )
    assert json.loads(found) == json.loads(wanted)
    found, wanted = (
        json.loads((folder / "config.json").read_text()) for folder in (tmp_path / "out", start)
    )
    assert found["max_position_embeddings"] == 300
    assert found == {key: value for key, value in wanted.items() if not key.startswith("_")}
    other = train(run, packages, tmp_path / "out", "--resume", "--tokens", "16k")
    refused(other, "was started with ")


def test_a_smaller_model_of_one_is_trained_and_resumed_to_the_same_bits(
    run, packages, toy, tmp_path
):
    smaller = ("--from", toy, "--vocabulary", "400", "--layers", 1, "--device", "cpu")
    first = run("train", *smaller, "--packages", packages, "--out", tmp_path / "one",
                "--tokens", "8k")  # fmt: skip
    assert first.code == 0, first.err
    config = json.loads((tmp_path / "one" / "config.json").read_text())
    assert (config["vocab_size"], config["num_hidden_layers"]) == (400, 1)
    longer = run("train", *smaller, "--out", tmp_path / "one", "--resume", "--tokens", "12k")
    assert longer.code == 0, longer.err
    whole = run("train", *smaller, "--packages", packages, "--out", tmp_path / "whole",
                "--tokens", "12k")  # fmt: skip
    assert whole.code == 0, whole.err
    one, other = weights(tmp_path / "one"), weights(tmp_path / "whole")
    assert all(torch.equal(one[name], other[name]) for name in one)
    backend = open_backend(ModelChoice(str(tmp_path / "one"), device="cpu"))
    assert backend.info.fim_template == "assist"
    backend.close()


CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"


def test_a_training_keeps_chat_by_answers(run, packages, toy, tmp_path):
    start = shutil.copytree(toy, tmp_path / "start", ignore=shutil.ignore_patterns("training"))
    answers = tmp_path / "answers.jsonl"
    row = {"origin": "free/a.py", "request": "Why?\n\nx = 1", "answer": "It sets x to 1."}
    answers.write_text(f"{json.dumps(row)}\n")
    options = ("--from", start, "--packages", packages, "--answers", answers, "--device", "cpu")
    without = run("train", *options, "--out", tmp_path / "without", "--tokens", "5k")
    refused(without, "--answers needs a model with a chat format")
    (start / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    done = run("train", *options, "--out", tmp_path / "out", "--tokens", "5k")
    assert done.code == 0, done.err
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == CHAT_TEMPLATE


def test_what_people_wrote_is_collected_as_answers(run, toy, tmp_path):
    out = tmp_path / "answers.jsonl"
    options = ("--corpus", toy / "training" / "corpus", "--out", out, "--count", "5")
    assert run("answers", *options).code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert 1 <= len(rows) <= 5
    assert all(row["answer"].endswith((".", "!")) for row in rows)
    assert run("answers", *options).code == 0  # a file that is full stays as it is
    assert [json.loads(line) for line in out.read_text().splitlines()] == rows


def test_weights_are_packed_for_the_texts_of_a_corpus(run, toy, tmp_path):
    options = ("--packed", "--model", toy, "--corpus", toy / "training" / "corpus")
    assert run("models", "export", tmp_path / "packed", *options).code == 0
    config = json.loads((tmp_path / "packed" / "config.json").read_text())
    assert config["suits_int8"] is True
    backend = open_backend(ModelChoice(str(tmp_path / "packed"), device="cpu"))
    assert backend.info.plan.dtype in {"int8", "float16"}
    backend.close()
    again = run(
        "models",
        "export",
        tmp_path / "again",
        "--packed",
        *options[1:2],
        tmp_path / "packed",
        *options[3:],
    )
    refused(again, "--corpus is for a folder with whole weights")
    assert not (tmp_path / "again").exists()
    refused(run("models", "export", tmp_path / "plain", *options[1:]), "add --packed")


# Fine-tuning

OWN_NAMES = ("axle", "bearing", "clutch", "damper", "flange", "gasket", "hub", "lever")
"""Of things that no library knows."""


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    for name in OWN_NAMES:
        lines = (
            f"def turn_{name}_{n}(gearbox, ratio):\n    return gearbox.{name}(ratio, {n})\n\n\n"
            for n in range(30)
        )
        (folder / f"{name}.py").write_text("".join(lines))
    (folder / "notes.txt").write_text("no code")
    return folder


def test_a_model_learns_the_users_own_code(run, toy, repo, tmp_path):
    out = tmp_path / "mine"
    result = run("finetune", "--repo", repo, "--model", toy, "--out", out, "--tokens", "20k")
    assert result.code == 0, result.err
    facts = json.loads((out / "training.json").read_text())
    assert facts["validation_nats_per_token"] < facts["validation_nats_per_token_before"]
    assert facts["files"] == len(OWN_NAMES)
    backend = open_backend(ModelChoice(str(out), device="cpu"))
    assert backend.info.fim_template == "assist"
    backend.close()
    again = run("finetune", "--repo", repo, "--model", toy, "--out", out, "--tokens", "24k",
                "--resume")  # fmt: skip
    assert again.code == 0, again.err
    assert json.loads((out / "training.json").read_text())["tokens"] >= 24_000


def qwen(folder):
    return save_family(next(one for one in FAMILIES if one.config == "Qwen2Config"), folder)


# peft asks transformers by an old name whether memory is traded for time.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_a_large_model_learns_by_lora(run, repo, tmp_path, monkeypatch):
    pytest.importorskip("peft")
    monkeypatch.setattr("assist_server.training.model.network._FULL_PARAMETERS", 0)
    model, out = qwen(tmp_path), tmp_path / "mine"
    result = run("finetune", "--repo", repo, "--model", model, "--out", out, "--tokens", "9k")
    assert result.code == 0, result.err
    state = read_state(out / "training" / "latest.pt")
    assert all("lora" in name for name in state["weights"])
    backend = open_backend(ModelChoice(str(out), device="cpu"))
    assert backend.info.model_type == "qwen2"
    backend.close()


def test_a_large_model_without_peft_is_refused(run, repo, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    monkeypatch.setattr("assist_server.training.model.network._FULL_PARAMETERS", 0)
    model = qwen(tmp_path)
    result = run("finetune", "--repo", repo, "--model", model, "--out", tmp_path / "mine")
    refused(result, "needs peft: install 'assist-server[train]'")
    assert not (tmp_path / "mine").exists()


# What is refused


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--from", "TOY", "--size", "small"), "has its own size; omit --size"),
        (("--from", "EMPTY"), "is not a folder with config.json"),
        (("--vocabulary", "8k"), "prune a model; name one with --from"),
        (("--answers", "a.jsonl"), "preserves the chat of a model; name one with --from"),
        (("--layers", "3"), "prune a model; name one with --from"),
        (("--from", "TOY", "--vocabulary", "many"), "write it as 8192 or 24k"),
        (("--from", "TOY", "--vocabulary", "10"), "must be at least"),
    ],
)
def test_what_a_training_cannot_begin_with_is_refused(run, toy, tmp_path, options, told):
    out = tmp_path / "out"
    places = {"TOY": toy, "EMPTY": tmp_path}
    refused(run("train", "--out", out, *(places.get(each, each) for each in options)), told)
    assert not out.exists()


def test_a_torch_that_is_too_old_is_named(run, tmp_path, monkeypatch):
    monkeypatch.setattr("assist_server.training.run.version", lambda _: "2.10.1+cpu")
    refused(
        run("train", "--out", tmp_path / "out"), "needs torch 2.11 or newer, and this is 2.10.1"
    )
    assert not (tmp_path / "out").exists()


def test_a_process_that_was_ended_is_no_riddle(run, tmp_path, monkeypatch):
    def ended(*_):
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. ")

    monkeypatch.setattr("assist_server.training.run._run", ended)
    result = run("train", "--out", tmp_path / "out")
    refused(result, "perhaps for lack of memory; the last saved state is kept")


def refused(result, words):
    assert (result.code, result.out) == (2, "")
    line = result.err.splitlines()[-1]
    assert line.startswith("assist-server: ")
    assert words in result.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--size", "huge"), "choose one of toy, small, base"),
        (("--time", "soon"), "write it as"),
        (("--time", "1h", "--tokens", "1m"), "choose one of --time and --tokens"),
        (("--resume",), "there is no training to resume"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(run, tmp_path, options, words):
    refused(run("train", "--out", tmp_path / "out", *options), words)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_a_training_needs_resume_and_the_same_choice(run, packages, toy):
    refused(train(run, packages, toy), "add --resume to continue")
    refused(train(run, packages, toy, "--resume", "--seed", 1), "was started with seed 0, not 1")


def test_a_folder_with_other_things_is_left_alone(run, packages, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    refused(train(run, packages, tmp_path), "is not an empty folder")


def test_packages_without_a_permissive_licence_are_refused(run, tmp_path):
    install(tmp_path / "packages", "closed", library_code(*NAMES), licence="GPL-3.0-only")
    result = train(run, tmp_path / "packages", tmp_path / "out")
    refused(result, "no installed distribution states a permissive licence")


def test_an_empty_repository_is_refused(run, tmp_path):
    (tmp_path / "repo").mkdir()
    result = run("finetune", "--repo", tmp_path / "repo", "--out", tmp_path / "out")
    refused(result, "holds no source code to learn from")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_refused_before_anything_is_written(run, packages, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10**6)
    monkeypatch.setattr(resources.shutil, "disk_usage", lambda _: usage)
    refused(train(run, packages, tmp_path / "out"), "1 MB are free; free some")
    assert not (tmp_path / "out").exists()


def test_too_little_memory_is_refused_before_anything_is_written(
    run, packages, tmp_path, monkeypatch
):
    memory = psutil.virtual_memory()._replace(available=10**6)
    monkeypatch.setattr(resources.psutil, "virtual_memory", lambda: memory)
    refused(train(run, packages, tmp_path / "out"), "of memory, but 1 MB are free")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_ends_it_in_one_line(run, packages, tmp_path, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TrainingLog, "write", write)
    refused(train(run, packages, tmp_path / "out"), "the disk is full; the last saved state is")
