"""Models of the Hugging Face hub: from the cache where they are in it, else downloaded, once."""

import threading
from concurrent.futures import Future
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import logging
from huggingface_hub.utils.tqdm import disable_progress_bars

from assist_server.engine.backend import ProgressCallback
from assist_server.engine.loading.locate import is_complete
from assist_server.errors import ModelError

_TIMEOUT_SECONDS = 3.0
"""For the hub's first answer; a person waits for it, and nothing was downloaded yet."""

_WANTED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_UNWANTED = ["*/*", "consolidated*", "model.*.safetensors"]
"""Copies of the weights in other forms."""


def fetch_model(name: str, report: ProgressCallback) -> Path:
    """Return the folder of a model of the hub, which is asked only for what is not here.

    Raises:
        ModelError: it is not here, and the hub does not have it or cannot be reached.
    """
    disable_progress_bars()
    # Retries would end up in the editor's log, or in front of people.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    folder = _cached(name)
    if folder is not None:
        return folder
    report(f"asking the hub for {name}", 0)
    _check_reachable(name)
    report(f"downloading {name}", 0)
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED, ignore_patterns=_UNWANTED))
    except Exception as error:  # libraries for HTTP, files and transfers, each with its own kinds
        raise ModelError(
            f"the download of {name!r} failed ({type(error).__name__}); ask again, what has "
            "arrived is kept"
        ) from error


def _cached(name: str) -> Path | None:
    try:
        found: str | None = snapshot_download(
            name, allow_patterns=_WANTED, ignore_patterns=_UNWANTED, local_files_only=True
        )
    except LocalEntryNotFoundError as error:
        found = getattr(error, "snapshot_path", None)
    return Path(found) if found and is_complete(Path(found)) else None


def _check_reachable(name: str) -> None:
    """Ask the hub for a model, once, and not for long.

    Raises:
        ModelError: the hub does not answer, or does not have it.
    """
    answer: Future[object] = Future()

    def ask() -> None:
        try:
            answer.set_result(HfApi().model_info(name, timeout=_TIMEOUT_SECONDS))
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    # On a thread of its own: nothing bounds the time that the look-up of a name takes.
    threading.Thread(target=ask, name="assist-hub", daemon=True).start()
    try:
        answer.result(_TIMEOUT_SECONDS)
    except GatedRepoError as error:
        raise ModelError(
            f"the hub gives {name!r} only to those who accepted its terms; accept them at "
            f"{constants.ENDPOINT}/{name} and log in with `hf auth login`"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"the hub has no model {name!r}, or does not show it to you; check its name, or log in "
            "with `hf auth login`"
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            f"{name!r} is not on this machine, and HF_HUB_OFFLINE forbids to download it; unset "
            "that, or set `model` to a folder"
        ) from error
    except Exception as error:  # no network, no such host, a proxy, silence
        raise ModelError(
            f"{name!r} is not on this machine, and the hub at {constants.ENDPOINT} cannot be "
            "reached; connect to the network, or set `model` to a folder or to 'embedded'"
        ) from error
