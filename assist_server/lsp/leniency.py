"""Reading what clients say of themselves, although they name things that nobody has heard of.

One unknown value in a client's capabilities makes lsprotocol refuse all of `initialize`, and the
server is dead for that client (lsprotocol issue 438; Visual Studio sends such values). A capability
that is not known is one that is not used, so unknown values pass here as they are.
"""

import enum
from collections.abc import Callable
from typing import Any

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


def lenient_converter() -> Converter:
    """A converter like pygls' own that takes unknown values of these enumerations as they are."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    for kind in _IN_CAPABILITIES:
        converter.register_structure_hook(kind, _structure_known(kind))
    return converter


def _structure_known(kind: type[enum.Enum]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        try:
            return kind(value)
        except ValueError:
            return value

    return structure
