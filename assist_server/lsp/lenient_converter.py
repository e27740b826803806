"""A converter for messages that deviate slightly from the specification.

One unknown value in a client's capabilities makes lsprotocol reject all of `initialize`, so the
client cannot use the server (lsprotocol issue 438; Visual Studio sends such values). The server
does not use capabilities that it does not know, so unknown values are kept as they are.

A rejected document change would leave the server with a different text than the editor. A null
`range` therefore counts as absent, and a huge position as the end of a line or text.
"""

import enum
import functools
from collections.abc import Callable
from typing import Any, Union

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter

_IN_CAPABILITIES: tuple[type[enum.Enum], ...] = (
    types.CodeActionTag,
    types.CompletionItemTag,
    types.DiagnosticTag,
    types.FailureHandlingKind,
    types.FoldingRangeKind,
    types.InsertTextMode,
    types.MarkupKind,
    types.PrepareSupportDefaultBehavior,
    types.ResourceOperationKind,
    types.SymbolKind,
    types.SymbolTag,
    types.TokenFormat,
    types.TraceValue,
)
"""Enumerations in `InitializeParams`; pygls already accepts unknown members of some others."""

_LAST_POSITION = 2**31 - 1
_WholeDocument = types.TextDocumentContentChangeWholeDocument
_CONTENT_CHANGE = Union[  # noqa: UP007 - to cattrs, `|` makes a different type
    types.TextDocumentContentChangePartial, _WholeDocument
]


@functools.cache
def lenient_converter() -> Converter:
    """Return pygls' converter with the exceptions described above.

    All clients share it: it writes code for each type when that is first seen, which takes longer
    than the first messages of a client.
    """
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    for kind in _IN_CAPABILITIES:
        converter.register_structure_hook(kind, _structure_known(kind))
    converter.register_structure_hook(types.Position, _structure_position)
    converter.register_structure_hook(_CONTENT_CHANGE, _structure_change(converter))
    return converter


def _structure_position(value: Any, _: Any) -> types.Position:
    line, character = (min(int(value[name]), _LAST_POSITION) for name in ("line", "character"))
    return types.Position(line, character)


def _structure_change(converter: Converter) -> Callable[[Any, Any], Any]:
    partial, whole = types.TextDocumentContentChangePartial, _WholeDocument

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value["text"], str):  # cattrs would convert it to a string
            raise TypeError("the text of a change is not a string")
        return converter.structure(value, whole if value.get("range") is None else partial)

    return structure


def _structure_known(kind: type[enum.Enum]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        try:
            return kind(value)
        except ValueError:
            return value

    return structure
