"""Text files in the archives of `npm pack` and `apt-get source`: read, never unpacked."""

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from assist_server.training.data.shares import language_of

_MOST_BYTES = 1_600_000
"""Of one file; what is larger is no source that somebody wrote."""

_DAMAGED = (tarfile.TarError, OSError, EOFError, lzma.LZMAError, zlib.error)


def archived_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the source files of a tar archive, with their paths below its top folder.

    A damaged archive gives what stands before the damage.
    """
    try:
        with tarfile.open(archive, "r|*") as opened:
            for member in opened:
                path = _inner(member.name)
                if member.isfile() and 0 < member.size <= _MOST_BYTES and _is_wanted(path):
                    content = opened.extractfile(member)
                    if content is not None:
                        yield path, content.read()
    except _DAMAGED:
        return


def _inner(name: str) -> str:
    parts = [part for part in name.split("/") if part != "."]
    return "/".join(parts if parts[:1] == ["debian"] else parts[1:])


def _is_wanted(path: str) -> bool:
    return path in {"debian/copyright", "package.json"} or language_of(path) is not None
