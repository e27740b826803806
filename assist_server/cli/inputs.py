"""Inputs of several commands: settings, source files and a model."""

import contextlib
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from assist_server.config import Layer, read_settings, summarized
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend, ModelChoice, ProgressCallback, ignore_progress
from assist_server.engine.loading.open_backend import open_backend
from assist_server.errors import InputError
from assist_server.settings import Settings

FLAGS = "command line"


def load_settings(flags: Mapping[str, object]) -> Settings:
    """Return the settings for the working directory; problems become warnings on standard error.

    Raises:
        InputError: a flag is invalid.
    """
    settings, problems = read_settings(Path.cwd(), [Layer(FLAGS, dict(flags))])
    for problem in problems:
        if problem.source == FLAGS:
            raise InputError(problem.message)
    for message in summarized(problems):
        print(f"assist-server: {message}", file=sys.stderr)  # noqa: T201
    return settings


def open_model(settings: Settings, report: ProgressCallback = ignore_progress) -> Backend:
    """Load the model that the settings name.

    Raises:
        ModelError: it cannot be loaded.
    """
    return open_backend(ModelChoice.of(settings), report)


@contextlib.contextmanager
def opened_model(settings: Settings) -> Iterator[Backend]:
    """Open the model for a `with` block, with a spinner on standard error while it loads.

    Raises:
        ModelError: it cannot be loaded.
    """
    with Console(stderr=True).status("loading the model") as status:
        backend = open_model(
            settings, lambda message, _, **__: status.update(Text(f"loading the model: {message}"))
        )
    try:
        yield backend
    finally:
        backend.close()


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot of a source file.

    Raises:
        InputError: it does not exist, cannot be read, or is not text.
    """
    return snapshot_of(path, read_source(path))


def snapshot_of(path: Path, source: str) -> Snapshot:
    """Return the snapshot of a file with a given text."""
    return Snapshot(path.absolute().as_uri(), _path_for_model(path), source)


def read_source(path: Path) -> str:
    """Return the text of a source file with its original line ends.

    Raises:
        InputError: it does not exist, is not a regular file, cannot be read, or is not text.
    """
    refuse_special(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {str(path)!r}; check the path") from None
    except OSError as error:
        raise InputError(
            f"cannot read {str(path)!r}: {error.strerror}; choose a text file"
        ) from error
    return decode_source(content, str(path))


def refuse_special(file: Path) -> None:
    """Check that a path is a regular file, if it exists: reading a pipe would wait forever.

    Raises:
        InputError: it is something else.
    """
    with contextlib.suppress(OSError):
        if not stat.S_ISREG(file.stat().st_mode):
            raise InputError(f"{str(file)!r} is not a regular file; choose a source file")


def decode_source(content: bytes, name: str) -> str:
    """Return source text from bytes.

    Raises:
        InputError: the bytes are not UTF-8 text.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{name!r} is not UTF-8 text; convert it first") from None
    if "\0" in text:
        raise InputError(f"{name!r} is a binary file; choose a text file")
    return text


def shown_path(path: Path) -> str:
    """Return the path to show to the user: relative to the working directory, else as given."""
    absolute = path.absolute()
    is_inside = absolute.is_relative_to(Path.cwd())
    return (absolute.relative_to(Path.cwd()) if is_inside else path).as_posix()


def _path_for_model(path: Path) -> str:
    """Return the path as the user sees it, but without the folders of a file that is elsewhere."""
    shown = Path(shown_path(path))
    return shown.name if shown.is_absolute() else shown.as_posix()


def line_start(snapshot: Snapshot, line: int) -> int:
    """Return the offset of a line counted from 1.

    Raises:
        InputError: there is no such line.
    """
    count = snapshot.lines.line_count
    if not 1 <= line <= count:
        raise InputError(f"{snapshot.path} has {count} lines; choose a line from 1 to {count}")
    start = snapshot.lines.start_of(line - 1)
    return start + snapshot.text.startswith("\N{BYTE ORDER MARK}", start)


def offset_at(snapshot: Snapshot, line: int, column: int) -> int:
    """Return the offset of a place; line and column count from 1, columns in characters.

    Raises:
        InputError: there is no such place.
    """
    start = line_start(snapshot, line)
    width = snapshot.lines.end_of(line - 1) - start
    if not 1 <= column <= width + 1:
        raise InputError(
            f"line {line} of {snapshot.path} has {width} characters; "
            f"choose a column from 1 to {width + 1}"
        )
    return start + column - 1
