"""Models of a hub on this machine: pulled, listed, described and removed."""

import json

import gguf
import pytest
from fake_hub import COMMIT, fake_hub, use_hub
from huggingface_hub import constants
from tiny_gguf import save_gguf
from tiny_models import FAMILIES, save_family

NAME = "somebody/model"
QWEN = next(one for one in FAMILIES if one.config == "Qwen2Config")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A hub with a tiny model and two GGUF files, and an empty cache."""
    folder = save_family(QWEN, tmp_path / "served")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    save_gguf("llama", folder / "tiny-Q8_0.gguf", gguf.GGMLQuantizationType.Q8_0)
    save_gguf("llama", folder / "tiny-F16.gguf", gguf.GGMLQuantizationType.F16)
    with fake_hub(NAME, folder) as served:
        use_hub(monkeypatch, served.url, tmp_path / "cache")
        yield served


def listed(run):
    return {row["model"]: row for row in json.loads(run("models", "list", "--json").out)["models"]}


def test_a_model_is_pulled_listed_and_removed(run, served, tmp_path):
    pulled = run("models", "pull", NAME)
    assert pulled.code == 0, pulled.err
    assert f"commit {COMMIT}, " in pulled.err
    folder = tmp_path / "cache" / "models--somebody--model"
    assert pulled.out == f"{folder / 'snapshots' / COMMIT}\n"
    row = listed(run)[NAME]
    assert (row["commit"], row["is_whole"]) == (COMMIT, True)
    assert COMMIT[:12] in run("models").out
    before = used_bytes(folder)
    kept = run("models", "remove", NAME)
    assert (kept.code, "add --yes" in kept.err, NAME in listed(run)) == (2, True, True)
    removed = run("models", "remove", NAME, "--yes")
    assert removed.out == f"{NAME} is removed; {before / 1000:.1f} kB are free again\n"
    assert not folder.exists()
    assert NAME not in listed(run)


def used_bytes(folder):
    return sum(file.stat().st_size for file in (folder / "blobs").iterdir())


def test_one_quantization_is_pulled_and_removed(run, served, tmp_path):
    names = [f"{NAME}:Q8_0", f"{NAME}:F16"]
    for name in names:
        assert run("models", "pull", name).code == 0
    assert [name in listed(run) for name in names] == [True, True]
    assert run("models", "remove", names[0], "--yes").code == 0
    assert [name in listed(run) for name in names] == [False, True]
    assert len(list((tmp_path / "cache" / "models--somebody--model" / "blobs").iterdir())) == 1
    assert run("models", "remove", names[1], "--yes").code == 0
    assert listed(run).keys() == {"embedded"}


def test_a_model_beside_its_only_quantization_stays(run, served, tmp_path):
    (served.folder / "tiny-F16.gguf").unlink()
    for name in (NAME, f"{NAME}:Q8_0"):
        assert run("models", "pull", name).code == 0
    assert run("models", "remove", f"{NAME}:Q8_0", "--yes").code == 0
    assert listed(run).keys() == {"embedded", NAME}


def test_a_download_that_broke_off_is_listed_and_can_be_removed(run, served, tmp_path):
    served.files_status = 500
    (blobs := tmp_path / "cache" / "models--somebody--model" / "blobs").mkdir(parents=True)
    (blobs / "0.incomplete").write_bytes(bytes(3_000_000))
    (blobs.parent / "snapshots" / COMMIT).mkdir(parents=True)
    row = listed(run)[NAME]
    assert (row["is_whole"], row["megabytes"]) == (False, 3.0)
    assert "unfinished" in run("models", "list").out
    assert "3.0 MB are free again" in run("models", "remove", NAME, "--yes").out
    assert not blobs.exists()


def test_what_a_model_is(run, served):
    on_hub = json.loads(run("models", "info", NAME, "--json").out)
    assert run("models", "pull", NAME).code == 0
    here = json.loads(run("models", "info", NAME, "--json").out)
    assert (on_hub["licence"], here["licence"]) == ("apache-2.0", "mit")
    for facts in (on_hub, here):
        assert facts["commit"] == COMMIT
        assert facts["architecture"] == "qwen2"
        assert facts["context_tokens"] == 512
        assert facts["files"]["model.safetensors"] > 1000
    assert here["infilling"] == "qwen2.5-coder"
    shown = run("models", "info", NAME).out
    assert "licence" in shown
    assert "model.safetensors" in shown


def test_what_local_models_are(run, served):
    embedded = json.loads(run("models", "info", "embedded", "--json").out)
    assert (embedded["licence"], embedded["infilling"]) == ("Apache-2.0", "assist")
    file = json.loads(run("models", "info", served.folder / "tiny-F16.gguf", "--json").out)
    assert (file["architecture"], file["files"].keys()) == ("llama", {"tiny-F16.gguf"})
    assert file["context_tokens"] > 0


@pytest.mark.parametrize("verb", ["pull", "remove"])
@pytest.mark.parametrize("name", ["embedded", "./m", "", "a/b:c/d", "a/b@../x", "\x1b[2J/b"])
def test_what_is_no_hub_id_is_refused(run, verb, name):
    result = run("models", verb, name)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "is no model of the hub" in result.err
    assert "\x1b" not in result.err


def test_what_is_not_there_is_not_removed(run, served):
    result = run("models", "remove", NAME, "--yes")
    assert (result.code, "is not in the cache" in result.err) == (2, True)


def test_offline_is_one_sentence(served, run, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    result = run("models", "pull", NAME)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "HF_HUB_OFFLINE forbids it" in result.err
