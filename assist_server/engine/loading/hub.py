"""Models on the Hugging Face hub: from the cache, else downloaded into it."""

import contextlib
import glob
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, ModelInfo, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import REGEX_COMMIT_HASH
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import filter_repo_objects, logging  # type: ignore[attr-defined]
from huggingface_hub.utils.tqdm import disable_progress_bars
from rich.filesize import decimal, pick_unit_and_suffix

from assist_server.engine.backend import ProgressCallback
from assist_server.engine.loading.gguf.names import choose_file, is_gguf_name, offer
from assist_server.engine.loading.locate import HubName, is_complete, read_json
from assist_server.engine.loading.transfer import ByteCallback, transfer
from assist_server.errors import AssistError, ModelError

_TIMEOUT_SECONDS = 3.0
"""For the hub's first response, for which the user waits."""
_REPORT_SECONDS = 0.25
"""Between two reports of a download that say the same percentage."""

_ALLOWED_FILES = [
    *("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken"),
    "README.md",  # the model's card, with its licence
]
_IGNORED_FILES = ["*/*", "consolidated*", "model.*.safetensors"]
"""Files in subfolders, and copies of the weights in other formats."""
_GGUF_FILES = ["*.gguf"]


@dataclass(frozen=True)
class HubModel:
    """A model as the hub has it now."""

    name: str
    """As the user wrote it."""
    files: tuple[RepoSibling, ...]
    """Files that the model is loaded from, with their sizes."""
    about: ModelInfo

    @property
    def commit(self) -> str:
        """Return the commit that the files belong to."""
        return str(self.about.sha)

    @property
    def total_bytes(self) -> int:
        """Return the size of the files."""
        return sum(file.size or 0 for file in self.files)


def fetch_model(name: str, report: ProgressCallback) -> Path:
    """Return the folder of a model on the hub, downloaded if it is not in the cache.

    Args:
        name: A hub id such as `org/name`; with a quantization (`org/name:Q4_K_M`), its GGUF file
            is returned.
        report: Called with the progress; an error that it raises ends the download.

    Raises:
        ModelError: it is not in the cache, and the hub does not have it or cannot be reached.
    """
    found = cached_model(name)
    if found is not None:
        return found
    report(f"asking the hub for {name}", 0, is_download=True)
    return download_model(find_on_hub(name), _in_words(report))


def cached_model(name: str) -> Path | None:
    """Return the folder of a model in the cache, or its GGUF file; None if it is not all there.

    Raises:
        ModelError: the hub would not allow the name.
    """
    _be_quiet()
    parts = HubName.parse(name)
    if parts.quantization:
        return _cached_file(name, parts)
    found = _cached(parts, _ALLOWED_FILES, _IGNORED_FILES)
    return found if found and is_complete(found) else None


def find_on_hub(name: str) -> HubModel:
    """Return what the hub has under a name, asking it once, with a short timeout.

    Raises:
        ModelError: it has no such model, cannot be reached, or has no files that can be loaded.
    """
    _be_quiet()
    parts = HubName.parse(name)
    about = _ask_hub(parts)
    if not REGEX_COMMIT_HASH.fullmatch(str(about.sha)):  # it becomes a part of a path
        raise ModelError(f"the hub at {constants.ENDPOINT} names no commit of {name!r}; try again")
    files = about.siblings or []
    names = [file.rfilename for file in files]
    if parts.quantization:
        chosen = {choose_file(names, parts.quantization, name)}
    else:
        chosen = set(filter_repo_objects(names, allow_patterns=_ALLOWED_FILES))
        chosen = set(filter_repo_objects(chosen, ignore_patterns=_IGNORED_FILES))
        _check_weights(name, names, chosen)
    return HubModel(name, tuple(file for file in files if file.rfilename in chosen), about)


def download_model(model: HubModel, on_bytes: ByteCallback) -> Path:
    """Return the folder of a model, or its GGUF file, when it is in the cache.

    What has arrived stays when this fails or is ended; the next download goes on after it.

    Raises:
        ModelError: the hub does not give the files, or they cannot be written.
    """
    parts = HubName.parse(model.name)
    names = [file.rfilename for file in model.files]
    try:
        with _refusals(parts):
            transfer(parts.repository, model.commit, model.files, on_bytes)
            folder = snapshot_download(
                parts.repository,
                revision=parts.revision,
                allow_patterns=[glob.escape(name) for name in names],
            )
    except AssistError:
        raise
    except Exception as error:  # libraries for HTTP, files and transfers have their own exceptions
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ModelError(
            f"the download of {model.name!r} failed ({reason}); try again, it goes on where it "
            "broke off"
        ) from error
    return Path(folder, names[0]) if parts.quantization else Path(folder)


def config_on_hub(model: HubModel) -> dict[str, Any]:
    """Return the `config.json` of a model, which is not kept; empty if the hub does not give it."""
    repository = HubName.parse(model.name).repository
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Exception):
        file = hf_hub_download(
            repository, "config.json", revision=model.commit, local_dir=folder, etag_timeout=3
        )
        return read_json(Path(file))
    return {}


def _be_quiet() -> None:
    """Keep the library from writing to the editor's log or the terminal, and to others."""
    # Otherwise the library fetches a list of AI coding agents from the hub and reports which of
    # them runs this process.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    disable_progress_bars()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def _in_words(report: ProgressCallback) -> ByteCallback:
    """Return a callback that reports bytes, rate and time left, each percent and now and then."""
    started = shown_at = time.monotonic()
    first: int | None = None
    shown = -1

    def on_bytes(done: int, total: int) -> None:
        nonlocal first, shown, shown_at
        now, percent = time.monotonic(), 100 * done // max(total, 1)
        first = done if first is None else first
        if percent == shown and now - shown_at < _REPORT_SECONDS:
            return
        shown, shown_at = percent, now
        unit, suffix = pick_unit_and_suffix(total, ["B", "kB", "MB", "GB", "TB"], 1000)
        message = f"downloading {done / unit:.1f}/{total / unit:.1f} {suffix}"
        rate = (done - first) / (now - started) if now > started else 0
        if rate:
            left = timedelta(seconds=round((total - done) / rate))
            message += f", {decimal(int(rate))}/s, {left} left"
        report(message, percent, is_download=True)

    return on_bytes


def _check_weights(name: str, names: Sequence[str], chosen: set[str]) -> None:
    if any(file.endswith(".safetensors") for file in chosen):
        return
    ggufs = [file for file in names if is_gguf_name(file)]
    if ggufs:
        raise ModelError(
            f"the model {name!r} has GGUF files only; add a quantization, as in '{name}:Q4_K_M': "
            f"{offer(ggufs)}"
        )
    raise ModelError(
        f"the model {name!r} has no weights in safetensors, and other formats may run code; "
        "choose another model"
    )


def _cached_file(name: str, parts: HubName) -> Path | None:
    folder = _cached(parts, _GGUF_FILES)
    if folder is None:
        return None
    files = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    try:
        return folder / choose_file(files, parts.quantization, name)
    except ModelError:
        return None


def _cached(parts: HubName, allowed: list[str], ignored: Sequence[str] = ()) -> Path | None:
    """Return the folder of a model's files in the cache; None if there are none."""
    try:
        found: str | None = snapshot_download(
            parts.repository,
            revision=parts.revision,
            allow_patterns=allowed,
            ignore_patterns=list(ignored),
            local_files_only=True,
        )
    except HFValidationError as error:
        raise ModelError(
            f"{parts.repository!r} cannot be the name of a model of the hub; check it, or set "
            "`model` to a folder"
        ) from error
    except LocalEntryNotFoundError as error:
        found = getattr(error, "snapshot_path", None)
    return Path(found) if found else None


def _ask_hub(parts: HubName) -> ModelInfo:
    answer: Future[ModelInfo] = Future()

    def ask() -> None:
        try:
            found = HfApi().model_info(
                parts.repository,
                revision=parts.revision,
                files_metadata=True,
                timeout=_TIMEOUT_SECONDS,
            )
            answer.set_result(found)
        except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
            answer.set_exception(error)

    # On a separate thread, as nothing bounds the time of a DNS lookup.
    threading.Thread(target=ask, name="assist-hub", daemon=True).start()
    try:
        with _refusals(parts):
            return answer.result(_TIMEOUT_SECONDS)
    except AssistError:
        raise
    except OfflineModeIsEnabled as error:
        raise ModelError(
            f"{parts.repository!r} cannot be looked up, as HF_HUB_OFFLINE forbids it; unset it, or "
            "set `model` to a folder"
        ) from error
    except Exception as error:  # no network, no such host, a proxy, a timeout
        raise ModelError(
            f"{parts.repository!r} cannot be looked up, as the hub at {constants.ENDPOINT} cannot "
            "be reached; connect to the network, or set `model` to a folder or to 'embedded'"
        ) from error


@contextlib.contextmanager
def _refusals(parts: HubName) -> Iterator[None]:
    """Raise what the hub refuses as a ModelError that says why."""
    name = parts.repository
    try:
        yield
    except GatedRepoError as error:
        raise ModelError(
            f"the hub requires that you accept the terms of {name!r}; accept them at "
            f"{constants.ENDPOINT}/{name}, and log in with `hf auth login` or set HF_TOKEN"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(
            f"the hub has no revision {parts.revision!r} of {name!r}; check it, or leave out the "
            "part after '@'"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"the hub has no model {name!r}, or does not show it to you; check its name, or log in "
            "with `hf auth login`"
        ) from error
    except HfHubHTTPError as error:
        if error.response.status_code in {401, 403}:
            raise ModelError(
                f"the hub refuses your token for {name!r}; log in again with `hf auth login`, or "
                "correct HF_TOKEN"
            ) from error
        raise
