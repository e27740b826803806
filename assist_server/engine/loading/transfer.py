"""Transfer of a model's files into the cache of the hub's client, also in several runs.

The client (`huggingface_hub`) begins a file anew in each process. Here a part that has arrived
stays beside the others as `NAME.incomplete`, and the next run goes on after it. The client then
finds the whole files, and gives them their names.

Source of the layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import contextlib
import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from filelock import Timeout
from huggingface_hub import constants, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.file_download import are_symlinks_supported, http_get, repo_folder_name
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import WeakFileLock, build_hf_headers  # type: ignore[attr-defined]
from rich.filesize import decimal

from assist_server.errors import AssistError, ModelError

ByteCallback = Callable[[int, int], None]
"""Called with the bytes that are here and their total; an error that it raises ends the work."""

_CHUNK_BYTES = 64 * 1024
"""So that a slow line shows progress, and a transfer is soon cancelled; the client's are 10 MB."""
_LOCK_SECONDS = 0.5
_RETRY_SECONDS = 1.0
_MAX_VAIN_TRIES = 3
"""In a row that brought nothing, besides those of the client."""
_SHA1_DIGITS, _SHA256_DIGITS = 40, 64


@dataclass(frozen=True)
class _Blob:
    """A file of a repository; the cache names it by its digest."""

    url: str
    path: Path
    size: int

    @property
    def part(self) -> Path:
        """Return the path of what has arrived of it."""
        return self.path.with_name(f"{self.path.name}.incomplete")

    @property
    def is_here(self) -> bool:
        """Return whether all of it is here; a power cut may leave an empty file."""
        return self.path.exists() and self.path.stat().st_size == self.size

    @property
    def here_bytes(self) -> int:
        """Return how much of it has arrived."""
        if self.is_here:
            return self.size
        return self.part.stat().st_size if self.part.exists() else 0


def cache_folder(repository: str) -> Path:
    """Return the folder of a model in the cache."""
    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")


def transfer(
    repository: str, commit: str, files: Sequence[RepoSibling], on_bytes: ByteCallback
) -> None:
    """Download the content of files, one after another, unless it is in the cache already.

    Files of which the hub names no digest, or which it does not give in one piece, are left to the
    client.

    Raises:
        ModelError: the disk has no room, or what has arrived is damaged.
    """
    folder = cache_folder(repository)
    blobs = list(_blobs(repository, commit, files, folder / "blobs"))
    total = sum(blob.size for blob in blobs)
    copied_bytes = _copied_bytes(files, folder, commit)
    check_room(total - sum(blob.here_bytes for blob in blobs) + copied_bytes, folder)
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    # Otherwise the client does not count what is here as a model, and would not remove it.
    (folder / "snapshots" / commit).mkdir(parents=True, exist_ok=True)
    locks = folder.with_name(".locks") / folder.name
    locks.mkdir(parents=True, exist_ok=True)
    constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
    for blob in blobs:
        others = sum(other.here_bytes for other in blobs if other is not blob)

        def show(done: int, others: int = others) -> None:
            on_bytes(others + done, total)

        show(blob.here_bytes)
        _fetch(blob, locks / f"{blob.path.name}.lock", show)


def _copied_bytes(files: Sequence[RepoSibling], folder: Path, commit: str) -> int:
    """Return what the client will copy to give files their names: nothing if it can link them."""
    if are_symlinks_supported(folder.parent):
        return 0
    named = folder / "snapshots" / commit
    return sum(file.size or 0 for file in files if not (named / file.rfilename).exists())


def check_room(needed_bytes: int, folder: Path) -> None:
    """Check that the disk with a folder, which may not exist yet, has room.

    Raises:
        ModelError: it has not.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free_bytes = shutil.disk_usage(existing).free
    if needed_bytes > free_bytes:
        raise ModelError(
            f"the download takes {decimal(needed_bytes)}, and the disk with {str(existing)!r} has "
            f"{decimal(free_bytes)} free; free some, as with `assist-server models remove`, or set "
            "HF_HOME to a folder on another disk"
        )


def _blobs(
    repository: str, commit: str, files: Sequence[RepoSibling], folder: Path
) -> Iterator[_Blob]:
    for file in files:
        digest = file.lfs.sha256 if file.lfs else file.blob_id
        if digest and digest.isalnum() and 0 < (file.size or 0) < constants.MAX_HTTP_DOWNLOAD_SIZE:
            url = hf_hub_url(repository, file.rfilename, revision=commit)
            yield _Blob(url, folder / digest, file.size or 0)


def _fetch(blob: _Blob, lock: Path, on_bytes: Callable[[int], None]) -> None:
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(WeakFileLock(lock, timeout=_LOCK_SECONDS))
                break
            except Timeout:
                on_bytes(blob.here_bytes)  # another process is downloading it
        if blob.is_here:
            return
        try:
            with blob.part.open("ab") as output:
                _receive(blob, output, on_bytes)
                output.flush()
                os.fsync(output.fileno())
        except OSError as error:
            if error.errno == errno.ENOSPC:
                check_room(blob.size - blob.here_bytes, blob.path.parent)
            raise
        _check(blob)
        blob.part.replace(blob.path)


def _receive(blob: _Blob, output: BinaryIO, on_bytes: Callable[[int], None]) -> None:
    """Receive what is missing; a connection that breaks is made again while that brings bytes."""
    vain_tries = 0
    while (before := output.tell()) < blob.size:
        try:
            http_get(
                blob.url,
                output,
                resume_size=before,
                headers=build_hf_headers(),
                expected_size=blob.size,
                tqdm_class=cast("Any", partial(_Bar, on_bytes)),
            )
        except AssistError:
            raise
        except Exception as error:  # libraries for HTTP and files have their own exceptions
            vain_tries = vain_tries + 1 if output.tell() == before else 0
            if vain_tries == _MAX_VAIN_TRIES or _is_final(error):
                raise
            time.sleep(_RETRY_SECONDS)


def _is_final(error: Exception) -> bool:
    """Return whether another try would fail in the same way: a refusal, or a full disk."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, OSError) and error.errno == errno.ENOSPC


def _check(blob: _Blob) -> None:
    """Remove what has arrived if it is not the file, of which the hub has named a digest.

    That is the SHA-256 of a large file, and git's name of a small one: the SHA-1 of a header and
    the content (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).

    Raises:
        ModelError: it was removed.
    """
    digests = {
        _SHA1_DIGITS: hashlib.sha1(b"blob %d\0" % blob.size, usedforsecurity=False),
        _SHA256_DIGITS: hashlib.sha256(),
    }
    is_right = blob.part.stat().st_size == blob.size
    if is_right and (digest := digests.get(len(blob.path.name))):
        with blob.part.open("rb") as content:
            is_right = hashlib.file_digest(content, lambda: digest).hexdigest() == blob.path.name
    if not is_right:
        blob.part.unlink()
        raise ModelError(f"a file from {blob.url} arrived damaged and was removed; try again")


class _Bar:
    """A progress bar of the form that `http_get` expects."""

    def __init__(self, on_bytes: Callable[[int], None], *, initial: int = 0, **_: object) -> None:
        self._on_bytes = on_bytes
        self._here = initial

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def update(self, count: int) -> None:
        """Count bytes that were received, or less than none where the server began anew."""
        self._here += count
        self._on_bytes(self._here)
