"""A server that is pygls and nothing else, to be measured beside ours."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("plain", "1")


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
def inline_completion(_: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Answer with nothing, as ours does for a document that is not open."""
    return types.InlineCompletionList([])


if __name__ == "__main__":
    server.start_io()
