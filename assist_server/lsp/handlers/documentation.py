"""Documentation: commands that write it, and hints (pull diagnostics) where it no longer fits."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from lsprotocol import types

from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.errors import InputError
from assist_server.features.documentation.document import document
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.features.documentation.stale import Finding, find_stale
from assist_server.features.documentation.whole_file import FileDocumentation, document_file
from assist_server.lsp.handlers.commands import apply_edits, with_model
from assist_server.lsp.progress import Progress
from assist_server.lsp.server import AssistServer
from assist_server.syntax.definitions import LANGUAGE_IDS

DOCUMENT = "assist.document"
DOCUMENT_ALL = "assist.documentAll"
HINT_SOURCE = "assist-server"

_Json = dict[str, Any]


def register(server: AssistServer) -> None:
    """Register this family's commands and handlers."""
    server.protocol.add_command(DOCUMENT, write_documentation)
    server.protocol.add_command(DOCUMENT_ALL, document_everything)
    options = types.DiagnosticOptions(
        inter_file_dependencies=False, workspace_diagnostics=False, identifier="documentation"
    )
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(partial(report_hints, server))


async def write_documentation(
    ls: AssistServer, uri: str, position: types.Position, prune: list[str] | None = None
) -> _Json:
    """Document the definition at a position; the client applies the edit.

    `prune` names what is described and no longer exists: parameters, exceptions, or `Returns`.
    """
    snapshot = ls.documents.get(uri)
    offset = ls.documents.offset(snapshot, position)

    def work(backend: Any, cancel: CancelToken, _: Progress) -> Any:
        writer = model_phrase_writer(snapshot.path, backend, ls.settings.current, cancel)
        return document(snapshot, offset, writer, ls.settings.current.documentation, prune or ())

    found = await with_model(ls, ls.model, "Writing documentation", work)
    await apply_edits(ls, snapshot, list(found.edits), f"Documentation of {found.name}")
    if found.gone:
        listed = ", ".join(f"`{name}`" for name in found.gone)
        ls.show(
            types.MessageType.Info,
            f"The documentation of `{found.name}` still describes {listed}, which it no "
            "longer has. Use the code action to remove that.",
        )
    return {
        "name": found.name,
        "style": found.style,
        "text": found.text,
        "gone": list(found.gone),
    }


async def document_everything(ls: AssistServer, uri: str) -> _Json:
    """Document all undocumented definitions of a file; the client applies one edit."""
    snapshot = ls.documents.get(uri)

    def work(backend: Any, cancel: CancelToken, progress: Progress) -> FileDocumentation:
        settings = ls.settings.current
        writer = model_phrase_writer(snapshot.path, backend, settings, cancel)
        return document_file(snapshot, writer, settings.documentation, cancel, progress.report)

    found = await with_model(ls, ls.model, "Documenting the file", work, percent=0)
    if not found.documented:
        raise InputError(_nothing_to_do(found))
    label = f"Documentation of {len(found.documented)} definitions"
    is_applied = await apply_edits(ls, snapshot, list(found.edits), label, needs_preview=True)
    if found.refused and is_applied:
        ls.show(types.MessageType.Info, _refusals(found))
    return {
        "applied": is_applied,
        "documented": list(found.documented),
        "placeholders": found.placeholders,
        "refused": [{"name": one.name, "line": one.line} for one in found.refused],
    }


def _nothing_to_do(found: FileDocumentation) -> str:
    if found.refused:
        return _refusals(found)
    return (
        "Every public definition of this file is documented; the setting "
        "documentation.include_private includes the private ones."
    )


def _refusals(found: FileDocumentation) -> str:
    first = found.refused[0]
    count = len(found.refused)
    listed = "One definition stays" if count == 1 else f"{count} definitions stay"
    return f"{listed} undocumented, such as `{first.name}` in line {first.line}: {first.reason}"


async def report_hints(
    ls: AssistServer, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport:
    """Return hints where the documentation of a file no longer fits; none unless they are on."""
    snapshot = ls.documents.find(params.text_document.uri)
    if snapshot is None or not ls.settings.current.documentation.hints:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    found = await asyncio.to_thread(_stale, snapshot)
    return types.RelatedFullDocumentDiagnosticReport(
        items=[_hint(ls, snapshot, one) for one in found]
    )


def _stale(snapshot: Snapshot) -> list[Finding]:
    tree = snapshot.syntax
    return find_stale(tree) if tree and snapshot.language.id in LANGUAGE_IDS else []


def _hint(ls: AssistServer, snapshot: Snapshot, found: Finding) -> types.Diagnostic:
    return types.Diagnostic(
        range=ls.documents.range(snapshot, found.place.start, found.place.end),
        message=found.message,
        severity=types.DiagnosticSeverity.Hint,
        code=found.problem.value,
        source=HINT_SOURCE,
        data={
            "name": found.name,
            "position": ls.to_json(ls.documents.position(snapshot, found.keyword)),
            "prune": list(found.prune),
        },
    )


def fixes(snapshot: Snapshot, diagnostics: Sequence[types.Diagnostic]) -> list[types.CodeAction]:
    """Return the actions that update the documentation of this program's hints."""
    actions = []
    for hint in diagnostics:
        match hint:
            case types.Diagnostic(
                source="assist-server", data={"name": name, "position": position, "prune": prune}
            ):
                title = f"Update documentation of {name}"
                call = types.Command(title, DOCUMENT, arguments=[snapshot.uri, position, prune])
                actions.append(
                    types.CodeAction(
                        title, types.CodeActionKind.QuickFix, [hint], True, command=call
                    )
                )
    return actions
