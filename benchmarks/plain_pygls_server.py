"""A server made of pygls alone, for comparison."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("plain", "1")


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
def inline_completion(_: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Return no items, as our server does for a document that is not open."""
    return types.InlineCompletionList([])


if __name__ == "__main__":
    server.start_io()
