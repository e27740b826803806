"""Reading what clients send although it is not quite what the specification says.

One unknown value in a client's capabilities makes lsprotocol refuse all of `initialize`, and the
server is dead for that client (lsprotocol issue 438; Visual Studio sends such values). A capability
that is not known is one that is not used, so unknown values pass here as they are.

One change of a document that is refused puts the server out of step with the editor. A `range` that
is null means what an absent one does, and a position beyond all measure the end of a line or text.
"""

import enum
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
"""Enumerations that occur in `InitializeParams`. pygls passes unknown members of some others."""

_LAST_POSITION = 2**31 - 1
_WholeDocument = types.TextDocumentContentChangeWholeDocument
_CONTENT_CHANGE = Union[  # noqa: UP007 - one of `|` is another type to cattrs
    types.TextDocumentContentChangePartial, _WholeDocument
]


def lenient_converter() -> Converter:
    """A converter like pygls' own for what is said here."""
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
        if not isinstance(value["text"], str):  # cattrs would spell it out
            raise TypeError("the text of a change is no text")
        return converter.structure(value, whole if value.get("range") is None else partial)

    return structure


def _structure_known(kind: type[enum.Enum]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        try:
            return kind(value)
        except ValueError:
            return value

    return structure
