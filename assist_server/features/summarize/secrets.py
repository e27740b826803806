"""Passwords, tokens and keys, which a summary never repeats."""

import re

HIDDEN = "…"

_NAMES = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token(?!s|iz)|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|signing[_-]?key|credential|authorization|cookie)"
)
_NAME = re.compile(rf"{_NAMES}|(?:^|[_.-])(?:pass|auth)$", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"""(
      {_NAMES}[\w.-]{{0,40}}["']?\s{{0,3}}[:=]\s{{0,3}}["']?(?:(?:bearer|basic)\s)?
    | --?[\w-]{{0,30}}{_NAMES}\s{{1,3}}["']?                          # an option
    )[^\s"',;&]+""",
    re.IGNORECASE | re.VERBOSE,
)
_KNOWN = re.compile(
    r"""
      (?:bearer|basic)\s+(?=[\w.~+/-]{0,200}[\d=])[\w.~+/=-]{8,}   # an Authorization header
    | \b(?:gh[pousr]|github_pat|glpat|hf|pypi|npm|sk|pk|rk|xox[abprs])[-_][\w-]{16,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                  # a JSON web token
    | -----BEGIN\ [A-Z\ ]{0,40}PRIVATE\ KEY.*            # the rest of the line
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LOGIN_IN_URL = re.compile(r"(://[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)")


def is_secret_name(name: str) -> bool:
    """Return whether the value of a key or column with this name is to be kept secret."""
    return _NAME.search(name[:200]) is not None


def without_secrets(text: str) -> str:
    """Return a short text with what looks like a password or token replaced."""
    text = _LOGIN_IN_URL.sub(rf"\g<1>{HIDDEN}", text)
    text = _KNOWN.sub(HIDDEN, text)
    return _ASSIGNED.sub(rf"\g<1>{HIDDEN}", text)
