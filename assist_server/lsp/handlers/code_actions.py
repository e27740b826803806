"""textDocument/codeAction: the actions for the cursor or the selection.

Editors ask on every movement of the cursor, so only the syntax nearby is used here; commands do the
work.
"""

from collections.abc import Sequence
from functools import partial

from lsprotocol import types

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.comments.insertion import has_comments
from assist_server.features.documentation.document import described_but_gone, find_place
from assist_server.features.documentation.layout import has_words
from assist_server.features.documentation.opened import closing_edit
from assist_server.lsp.handlers.commands import INSERT_SUMMARY, SHOW_SUMMARY
from assist_server.lsp.handlers.documentation import DOCUMENT, DOCUMENT_ALL, fixes
from assist_server.lsp.handlers.tasks import TASK_KIND, task_actions
from assist_server.lsp.prefetch import CursorPlace
from assist_server.lsp.server import AssistServer
from assist_server.syntax.definitions import LANGUAGE_IDS, Definition, find_definition
from assist_server.syntax.parser import SyntaxTree

_KIND = types.CodeActionKind.RefactorRewrite
_FILE_KIND = "source.document.assist"
_GENERATE = "Generate"

_REACH_LINES = 1000
"""Number of lines above the cursor that are searched for a definition in a long document."""


def register(server: AssistServer) -> None:
    """Register this family's handlers."""
    options = types.CodeActionOptions(
        code_action_kinds=[_KIND, types.CodeActionKind.QuickFix, _FILE_KIND]
    )
    handler = partial(code_action, server)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(handler)


def code_action(ls: AssistServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the actions for a range, those for a hint first, those for the file last."""
    documents, only = ls.documents, params.context.only
    snapshot = documents.find(params.text_document.uri)
    if snapshot is None:
        return []
    actions: list[types.CodeAction] = []
    if _is_wanted(only, types.CodeActionKind.QuickFix.value):
        actions += fixes(snapshot, params.context.diagnostics)
    if _is_wanted(only, TASK_KIND):
        actions += _at_range(ls, snapshot, params)
    # Unless it is asked for, it is offered beside the action for one undocumented definition.
    is_near = any(one.title.startswith(_GENERATE) for one in actions)
    is_offered = snapshot.language.id in LANGUAGE_IDS and (is_near or only is not None)
    if is_offered and _is_wanted(only, _FILE_KIND):
        title = "Document everything in this file"
        actions.append(_action(title, DOCUMENT_ALL, [snapshot.uri], _FILE_KIND))
    return actions


def _at_range(
    ls: AssistServer, snapshot: Snapshot, params: types.CodeActionParams
) -> list[types.CodeAction]:
    start = ls.documents.offset(snapshot, params.range.start)
    end = ls.documents.offset(snapshot, params.range.end)
    # No other message reports the cursor.
    ls.prefetcher.move_to(CursorPlace(snapshot.uri, snapshot.version, end))
    is_selected = bool(snapshot.text[start:end].strip())
    actions = list(task_actions(ls, snapshot, params.range)) if is_selected else []
    if not _is_wanted(params.context.only, _KIND.value):
        return actions
    return [*_own_actions(snapshot, start, params, is_selected=is_selected), *actions]


def _own_actions(
    snapshot: Snapshot, start: int, params: types.CodeActionParams, *, is_selected: bool
) -> list[types.CodeAction]:
    actions = _documentation(snapshot, start, params)
    if is_selected:
        arguments = [snapshot.uri, params.range]
        actions.append(_action("Summarize selection", SHOW_SUMMARY, arguments))
        if has_comments(snapshot):
            actions.append(_action("Summarize selection as a comment", INSERT_SUMMARY, arguments))
    return actions


def _is_wanted(only: Sequence[types.CodeActionKind | str] | None, kind: str) -> bool:
    """Return whether the client asked for a kind or one of its parents."""
    if only is None:
        return True
    return any(f"{kind}.".startswith(f"{_name(asked)}.") for asked in only)


def _name(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _documentation(
    snapshot: Snapshot, offset: int, params: types.CodeActionParams
) -> list[types.CodeAction]:
    found = _find(snapshot, offset)
    if found is None:
        return []
    tree, definition = found
    place = definition.documentation
    is_written = place is not None and has_words(tree.text[place.start : place.end])
    title = f"{'Update' if is_written else _GENERATE} documentation of {definition.name}"
    arguments: list[object] = [snapshot.uri, params.range.start]
    actions = [_action(title, DOCUMENT, arguments)]
    gone = described_but_gone(tree, definition) if is_written else ()
    if gone:
        title = f"{title} without {', '.join(gone)}"
        actions.append(_action(title, DOCUMENT, [*arguments, list(gone)]))
    return actions


def _find(snapshot: Snapshot, offset: int) -> tuple[SyntaxTree, Definition] | None:
    """Find the definition at an offset, even if documentation above it was opened, not closed."""
    if closing_edit(snapshot.text, offset, snapshot.language) is not None:
        try:
            place = find_place(snapshot, offset)
        except InputError:
            return None
        return place.tree, place.definition
    tree = snapshot.syntax_near(snapshot.lines.line_at(offset), _REACH_LINES)
    definition = find_definition(tree, offset) if tree else None
    return (tree, definition) if tree and definition else None


def _action(
    title: str,
    command: str,
    arguments: list[object],
    kind: types.CodeActionKind | str = _KIND,
) -> types.CodeAction:
    call = types.Command(title=title, command=command, arguments=arguments)
    return types.CodeAction(title, kind=kind, command=call)
