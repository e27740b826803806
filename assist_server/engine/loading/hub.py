"""Models on the Hugging Face hub: from the cache, else downloaded into it."""

import glob
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from huggingface_hub import HfApi, ModelInfo, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import logging
from huggingface_hub.utils.tqdm import disable_progress_bars

from assist_server.engine.backend import ProgressCallback
from assist_server.engine.loading.gguf.names import choose_file, is_gguf_name, offer
from assist_server.engine.loading.locate import is_complete
from assist_server.errors import ModelError

_TIMEOUT_SECONDS = 3.0
"""For the hub's first response, for which the user waits."""

_ALLOWED_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_IGNORED_FILES = ["*/*", "consolidated*", "model.*.safetensors"]
"""Files in subfolders, and copies of the weights in other formats."""
_GGUF_FILES = ["*.gguf"]


def fetch_model(name: str, report: ProgressCallback) -> Path:
    """Return the folder of a model on the hub, downloaded if it is not in the cache.

    Args:
        name: A hub id such as `org/name`; with a quantization (`org/name:Q4_K_M`), its GGUF file
            is returned.
        report: Called with the progress.

    Raises:
        ModelError: it is not in the cache, and the hub does not have it or cannot be reached.
    """
    # Otherwise the library fetches a list of AI coding agents from the hub and reports which of
    # them runs this process.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    disable_progress_bars()
    # Messages about retries would be written to the editor's log or the terminal.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    repository, _, quantization = name.partition(":")
    found = _cached_file(name) if quantization else _cached_folder(name)
    if found is not None:
        return found
    report(f"asking the hub for {name}", 0)
    files = _files_on_hub(repository)
    if quantization:
        file = choose_file(files, quantization, name)
        report(f"downloading {name}", 0)
        return _downloaded(name, [glob.escape(file)]) / file
    ggufs = [file for file in files if is_gguf_name(file)]
    if ggufs and not any(file.endswith(".safetensors") for file in files):
        raise ModelError(
            f"the model {name!r} has GGUF files only; add a quantization, as in '{name}:Q4_K_M': "
            f"{offer(ggufs)}"
        )
    report(f"downloading {name}", 0)
    return _downloaded(name, _ALLOWED_FILES, _IGNORED_FILES)


def _downloaded(name: str, allowed: list[str], ignored: Sequence[str] = ()) -> Path:
    """Return the folder with files of a model that the hub has."""
    repository = name.partition(":")[0]
    try:
        return Path(
            snapshot_download(repository, allow_patterns=allowed, ignore_patterns=list(ignored))
        )
    except Exception as error:  # libraries for HTTP, files and transfers have their own exceptions
        raise ModelError(
            f"the download of {name!r} failed ({type(error).__name__}); try again, the files "
            "downloaded so far are kept"
        ) from error


def _cached_folder(name: str) -> Path | None:
    """Return the folder of a model in the cache; None if it is not complete."""
    found = _cached(name, _ALLOWED_FILES, _IGNORED_FILES)
    return found if found and is_complete(found) else None


def _cached_file(name: str) -> Path | None:
    """Return the GGUF file of a model in the cache; None if it is not there."""
    repository, _, quantization = name.partition(":")
    folder = _cached(repository, _GGUF_FILES)
    if folder is None:
        return None
    files = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    try:
        return folder / choose_file(files, quantization, name)
    except ModelError:
        return None


def _cached(name: str, allowed: list[str], ignored: Sequence[str] = ()) -> Path | None:
    """Return the folder of a model's files in the cache; None if there are none."""
    try:
        found: str | None = snapshot_download(
            name,
            allow_patterns=allowed,
            ignore_patterns=list(ignored),
            local_files_only=True,
        )
    except HFValidationError as error:
        raise ModelError(
            f"{name!r} cannot be the name of a model of the hub; check it, or set `model` to a "
            "folder"
        ) from error
    except LocalEntryNotFoundError as error:
        found = getattr(error, "snapshot_path", None)
    return Path(found) if found else None


def _files_on_hub(name: str) -> list[str]:
    """Return the files of a model, asking the hub once, with a short timeout.

    Raises:
        ModelError: the hub does not answer, or does not have the model.
    """
    answer: Future[ModelInfo] = Future()

    def ask() -> None:
        try:
            answer.set_result(HfApi().model_info(name, timeout=_TIMEOUT_SECONDS))
        except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
            answer.set_exception(error)

    # On a separate thread, as nothing bounds the time of a DNS lookup.
    threading.Thread(target=ask, name="assist-hub", daemon=True).start()
    try:
        found = answer.result(_TIMEOUT_SECONDS)
    except GatedRepoError as error:
        raise ModelError(
            f"the hub requires that you accept the terms of {name!r}; accept them at "
            f"{constants.ENDPOINT}/{name} and log in with `hf auth login`"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"the hub has no model {name!r}, or does not show it to you; check its name, or log in "
            "with `hf auth login`"
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            f"{name!r} is not on this machine, and HF_HUB_OFFLINE forbids downloads; unset "
            "it, or set `model` to a folder"
        ) from error
    except Exception as error:  # no network, no such host, a proxy, a timeout
        raise ModelError(
            f"{name!r} is not on this machine, and the hub at {constants.ENDPOINT} cannot be "
            "reached; connect to the network, or set `model` to a folder or to 'embedded'"
        ) from error
    return [file.rfilename for file in found.siblings or ()]
