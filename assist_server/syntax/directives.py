"""Comments that speak to tools: they act on the line below and are no prose."""

import re

_MARK = r"(?:///?|/\*+!?|---?(?!-)|\#)"
_TOOLS = r"""
@ts- @flow @formatter @jsx @vite- @diagnostic \$Flow eslint- tslint: oxlint- biome- rome-
prettier- deno- dprint- jshint jslint jscs: istanbul\s c8\s v8\s node:coverage webpack[A-Z]
\#__ noinspection NOLINT NOSONAR CHECKSTYLE SUPPRESS clang-(?:format|tidy) cppcheck- lgtm\[
codechecker_ coverity\[ GCOVR_ LCOV_ IWYU\s nosemgrep \#?nosec lint: luacheck: stylua: selene:
cspell: spell-?checker: codespell:
"""
_NAMED = "|".join(_TOOLS.split())
# Whatever the tool is called: `some-tool: disable-next-line`, `tool-ignore`, `tool:skip`.
_ORDER = r"[\w@$\#./-]+[-:][ ]?(?:ignore|disable|enable|suppress|expect-|skip|off|on)\b"
_DIRECTIVE = re.compile(rf"{_MARK}[ \t]*(?:{_NAMED}|{_ORDER})", re.IGNORECASE)
# Go: `//go:noinline`, `//export F`, `// +build`; a space before a word would make it prose.
_GO = re.compile(r"//(?:[a-z0-9]+:[a-z0-9]|(?:export|extern|line)\b|[ \t]*\+[a-z])")


def is_directive(comment: str, language_id: str) -> bool:
    """Return whether a comment, its marks included, is an order to a tool."""
    if language_id == "go" and _GO.match(comment):
        return True
    return _DIRECTIVE.match(comment) is not None
