"""Words in comments that describe no code: licences, authors, and what is meant for tools."""

import re

_BOILERPLATE = re.compile(
    r"""
      copyright|©|\(c\)|licen[cs]|all\ rights|spdx|redistribut|warrant(?:y|ies)\b|trademark
    | permission\ is|hereby|public\ domain|\bgnu\b|\bgpl|\blgpl|\bbsd\b|\bmit\b|apache|mozilla
    | \bauthors?\b|\bmaintainers?\b|\bcontributors?\b|\bcredits?\b
    | \b(?:written|created|contributed|developed|modified|ported|generated|maintained)\ by\b
    | \bgenerated\b|do\ not\ (?:edit|modify|remove|change)|\bthis\ (?:file|module)\ is\b
    | \b(?:inc|ltd|llc|corp|gmbh|foundation)\b\.?
    | https?:|www\.|\S+@\S+\.\w|\b(?:19|20)\d\d\b|\bversion\ \d|\$id
    | \b(?:todo|fixme|xxx|hack)\b
    | \b(?:noqa|nolint|nosec|pylint|eslint|mypy|flake8|clang-format|prettier|istanbul)\b
    | \b(?:type|fmt|pragma|coding|encoding|vim?)\s*:|-\*-
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_boilerplate(text: str) -> bool:
    """Tell whether a sentence is about rights, people or tools instead of code."""
    return _BOILERPLATE.search(text) is not None
