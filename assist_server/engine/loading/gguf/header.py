"""The header of a GGUF file: its metadata, and where each tensor is.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The content is checked, as a file
may be incomplete or hostile: no count in it is believed before the bytes for it were seen, and
nothing is mapped into memory, which would end the process if the file was overwritten.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assist_server.errors import ModelError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MAX_HEADER_BYTES = 64 << 20
"""Several times the largest vocabulary's."""
_MAX_ENTRIES = 1 << 22
"""Numbers and strings in a header; a few of the largest vocabulary's, and little in memory."""
_MAX_DIMENSIONS = 4
_DEFAULT_ALIGNMENT = 32
_MAX_NAME_CHARS = 80

_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
"""Types of metadata as characters of the module `struct`."""


@dataclass(frozen=True)
class Tensor:
    """The place and format of a tensor in the file."""

    shape: tuple[int, ...]
    """As torch has it: rows first."""
    kind: int
    """Number format: a `GGMLQuantizationType`."""
    offset: int
    """In bytes, from the start of the file."""
    size_bytes: int


@dataclass(frozen=True)
class Header:
    """The metadata of a GGUF file and the list of its tensors."""

    file: Path
    metadata: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    @property
    def architecture(self) -> str:
        """Return the name of the model's architecture, such as `llama`; cut if it is none."""
        return str(self.metadata.get("general.architecture", ""))[:_MAX_NAME_CHARS]

    def value(self, key: str) -> Any:
        """Return the value of a key of the architecture; None if the file has none."""
        return self.metadata.get(f"{self.architecture}.{key}")


def read_header(file: Path) -> Header:
    """Read the header of a GGUF file.

    Raises:
        ModelError: it cannot be read, is not GGUF, or is incomplete.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_HEADER_BYTES)
        file_bytes = file.stat().st_size
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelError(f"the GGUF file {str(file)!r} cannot be read: {reason}") from error
    try:
        return _parsed(file, _Content(content), file_bytes)
    except (_WrongError, struct.error) as error:
        reason = str(error) if isinstance(error, _WrongError) else "it is incomplete"
        raise ModelError(
            f"the GGUF file {str(file)!r} cannot be used: {reason}; download it again, or set "
            "`model` to another one"
        ) from error


class _WrongError(Exception):
    """A reason why a file cannot be used."""


class _Content:
    """The bytes of a header, and how many of them were read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0
        self._entries = 0

    def numbers(self, types: str) -> tuple[Any, ...]:
        """Return numbers of the types in a format of the module `struct`."""
        layout = struct.Struct("<" + types)
        found = layout.unpack_from(self._content, self.position)
        self.position += layout.size
        return found

    def array(self, type_: str, count: int) -> list[Any]:
        """Return numbers of one type."""
        self._check_room(count * struct.calcsize(type_))
        self._count(count)
        return list(self.numbers(f"{count}{type_}"))

    def string(self) -> str:
        """Return a string; bytes that are not UTF-8 are replaced."""
        (found,) = self.strings(1)
        return found

    def strings(self, count: int) -> list[str]:
        """Return strings."""
        self._check_room(count * 8)  # the length of each
        self._count(count)
        return [self._text() for _ in range(count)]

    def _text(self) -> str:
        (length,) = self.numbers("Q")
        self._check_room(length)
        start, self.position = self.position, self.position + length
        return self._content[start : self.position].decode("utf-8", "replace")

    def _count(self, entries: int) -> None:
        """Refuse many small entries, each of which takes several times its bytes as an object."""
        self._entries += entries
        if self._entries > _MAX_ENTRIES:
            raise _WrongError("its metadata has more entries than any model's")

    def _check_room(self, size_bytes: int) -> None:
        if size_bytes > len(self._content) - self.position:
            raise _WrongError("it is incomplete")


def _parsed(file: Path, content: _Content, file_bytes: int) -> Header:
    if file_bytes == 0:
        raise _WrongError("it is empty")
    if bytes(content.array("B", min(4, file_bytes))) != _MAGIC:
        raise _WrongError("it does not start as GGUF files do")
    (version,) = content.numbers("I")
    if version not in _VERSIONS:
        raise _WrongError(f"it has version {version} of the format, and only 2 and 3 are supported")
    tensor_count, value_count = content.numbers("QQ")
    metadata = {}
    for _ in range(value_count):
        key = content.string()
        (kind,) = content.numbers("I")
        metadata[key] = _value(content, kind)
    entries = dict(_entry(content) for _ in range(tensor_count))
    alignment = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= _MAX_HEADER_BYTES:
        raise _WrongError("its alignment is wrong")
    data_start = -(-content.position // alignment) * alignment
    tensors = {
        name: _placed(name, *entry, data_start, file_bytes) for name, entry in entries.items()
    }
    if sum(tensor.size_bytes for tensor in tensors.values()) > file_bytes:
        raise _WrongError("its tensors overlap")
    return Header(file, metadata, tensors)


def _value(content: _Content, kind: int) -> Any:
    if kind == _STRING:
        return content.string()
    if kind == _ARRAY:
        kind, count = content.numbers("IQ")
        if kind == _STRING:
            return content.strings(count)
        if kind in _SCALARS:
            return content.array(_SCALARS[kind], count)
    if kind not in _SCALARS:
        raise _WrongError(f"its metadata has values of the unknown type {kind}")
    return content.numbers(_SCALARS[kind])[0]


def _entry(content: _Content) -> tuple[str, tuple[tuple[int, ...], int, int]]:
    """Return a tensor's name, and its shape, number format and offset in the data."""
    name = content.string()
    (dimensions,) = content.numbers("I")
    if not 0 < dimensions <= _MAX_DIMENSIONS:
        raise _WrongError(f"the tensor {name[:80]!r} has {dimensions} dimensions")
    shape = content.numbers(f"{dimensions}Q")
    kind, offset = content.numbers("IQ")
    return name, (tuple(reversed(shape)), kind, offset)


def _placed(  # noqa: PLR0913, PLR0917 - an entry, and the file's facts
    name: str, shape: tuple[int, ...], kind: int, offset: int, data_start: int, file_bytes: int
) -> Tensor:
    """Return a tensor, checked to be within the file."""
    import gguf  # noqa: PLC0415 - numpy with it, which takes a quarter of a second

    try:
        block_weights, block_bytes = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(kind)]
    except (ValueError, KeyError) as error:
        raise _WrongError(f"its tensors have the unknown number format {kind}") from error
    if 0 in shape or shape[-1] % block_weights:
        raise _WrongError(f"the tensor {name[:80]!r} has the shape {list(shape)}")
    size_bytes = math.prod(shape) // block_weights * block_bytes
    start = data_start + offset
    if start + size_bytes > file_bytes:
        raise _WrongError("it is incomplete")
    return Tensor(shape, kind, start, size_bytes)
