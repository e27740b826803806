"""Downloads over a line that breaks, to a disk that may be full, beside other processes."""

import hashlib
import shutil
import threading
import time

import pytest
from fake_hub import fake_hub, use_hub
from huggingface_hub.utils import WeakFileLock

from assist_server.engine.loading import hub, transfer
from assist_server.errors import ModelError

NAME = "somebody/model"
WEIGHTS = bytes(range(256)) * 4096


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A hub with a model of a megabyte, and an empty cache."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    with fake_hub(NAME, folder) as served:
        use_hub(monkeypatch, served.url, tmp_path / "cache")
        monkeypatch.setattr(time, "sleep", lambda _: None)  # before the client tries again
        yield served


class Seen(list):
    """The bytes that were here, each time they were told."""

    def __call__(self, done, total):
        self.append((done, total))


def pull(on_bytes=lambda *_: None):
    return hub.download_model(hub.find_on_hub(NAME), on_bytes)


def pulled_weights():
    return (hub.cached_model(NAME) / "model.safetensors").read_bytes()


@pytest.mark.parametrize("is_rough", [True, False])
def test_a_file_is_served_once_though_the_line_breaks_three_times(served, is_rough):
    served.weather.cuts, served.weather.is_rough = [200_000, 300_000, 100_000], is_rough
    seen = Seen()
    pull(seen)
    assert pulled_weights() == WEIGHTS
    # What was on its way when the line broke is served twice: the system's buffers, at most.
    assert served.served_bytes < len(WEIGHTS) + 3 * 200_000
    assert seen == sorted(seen)
    assert seen[-1] == (len(WEIGHTS) + 4, len(WEIGHTS) + 4)
    assert served.weather.cuts == []


def test_another_run_goes_on_where_the_last_one_was_ended(served):
    def end_at_half(done, total):
        if done > total / 2:
            raise ModelError("enough")

    with pytest.raises(ModelError, match="enough"):
        pull(end_at_half)
    assert hub.cached_model(NAME) is None
    seen = Seen()
    pull(seen)
    assert pulled_weights() == WEIGHTS
    assert served.starts == [0, seen[1][0] - 4]
    assert served.starts[1] > len(WEIGHTS) / 3


def test_a_line_that_brings_nothing_is_given_up(served):
    served.weather.cuts = [0] * 50
    with pytest.raises(ModelError, match=r"failed .*; try again, it goes on where it broke off"):
        pull()
    assert len(served.weather.cuts) > 20


def test_what_arrives_damaged_is_not_kept(served, tmp_path):
    part = transfer.cache_folder(NAME) / "blobs" / f"{digest(served)}.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"not the beginning of it")
    with pytest.raises(ModelError, match="arrived damaged and was removed; try again"):
        pull()
    assert not part.exists()
    pull()
    assert pulled_weights() == WEIGHTS


def test_a_small_file_that_arrives_damaged_is_not_kept(served):
    name = hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()
    part = transfer.cache_folder(NAME) / "blobs" / f"{name}.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"[]")
    with pytest.raises(ModelError, match="arrived damaged and was removed; try again"):
        pull()
    pull()
    assert (hub.cached_model(NAME) / "config.json").read_text() == "{}"


def test_a_file_that_a_power_cut_left_empty_is_downloaded_again(served):
    pull()
    (transfer.cache_folder(NAME) / "blobs" / digest(served)).write_bytes(b"")
    pull()
    assert pulled_weights() == WEIGHTS


def test_files_that_the_client_copies_need_room_twice(served, monkeypatch):
    needed = []
    monkeypatch.setattr(transfer, "are_symlinks_supported", lambda _: False)
    monkeypatch.setattr(transfer, "check_room", lambda size, _: needed.append(size))
    pull()
    pull()
    assert needed == [2 * (len(WEIGHTS) + 4), 0]


def digest(served):
    (large,) = (each for each in served.about()["siblings"] if "lfs" in each)
    return large["lfs"]["sha256"]


def test_a_token_goes_to_the_hub_and_to_no_log(served, monkeypatch, caplog):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    caplog.set_level("DEBUG")
    served.weather.cuts = [100_000]
    pull()
    assert ("somebody", "Bearer hf_secret") in served.tokens
    assert [token for part, token in served.tokens if part == "lfs"] == [None]
    served.status, served.error_code = 401, "GatedRepo"
    with pytest.raises(ModelError, match="accept the terms") as caught:
        pull()
    assert "hf_secret" not in f"{caplog.text} {caught.value}"


def test_a_full_disk_is_one_sentence_before_anything_is_served(served, monkeypatch):
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match=r"takes 1\.0 MB, and the disk with .* 1\.0 kB free; free"):
        pull()
    assert served.served_bytes == 0


def test_a_commit_that_is_no_commit_is_no_path(served, monkeypatch):
    about = served.about() | {"sha": "../../x"}
    monkeypatch.setattr(served, "about", lambda: about)
    with pytest.raises(ModelError, match="names no commit"):
        pull()


def test_a_file_that_another_process_downloads_is_waited_for(served, monkeypatch):
    monkeypatch.setattr(transfer, "_LOCK_SECONDS", 0.01)
    blobs = transfer.cache_folder(NAME) / "blobs"
    blobs.mkdir(parents=True)
    lock = blobs.parents[1] / ".locks" / blobs.parent.name / f"{digest(served)}.lock"
    lock.parent.mkdir(parents=True)
    seen, is_waiting = Seen(), threading.Event()

    def on_bytes(done, total):
        seen(done, total)
        if len(seen) > 4:  # the small files, and the large one at its start
            is_waiting.set()

    pulling = threading.Thread(target=pull, args=(on_bytes,))
    with WeakFileLock(lock):
        pulling.start()
        assert is_waiting.wait(20)
        (blobs / digest(served)).write_bytes(WEIGHTS)
    pulling.join()
    assert pulled_weights() == WEIGHTS
    assert served.served_bytes == 0
