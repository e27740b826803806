"""Passwords, tokens and keys, which a summary never repeats and a context leaves out."""

import re

HIDDEN = "…"

_NAMES = (
    r"(?:pass(?:wor[dt]|wd|phrase|code)|pwd|secret|token(?!s|iz)|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|signing[_-]?key|credential|authorization|cookie|(?<![a-z])(?:pw|pin)(?![a-z]))"
)
_NAME = re.compile(rf"{_NAMES}|(?:^|[_.-])(?:pass|auth)$", re.IGNORECASE)
_VALUE = r"""(?:
      \"{3}[\s\S]{0,4000}?(?:\"{3}|\Z) | '{3}[\s\S]{0,4000}?(?:'{3}|\Z)
    | "(?:\\[\s\S]|[^"\\\n])*"?        | '(?:\\[\s\S]|[^'\\\n])*'?
    | [^\s"',;&]                       # a prefix such as `b`, a parenthesis, or the value itself
    )+"""
_ASSIGNED = re.compile(
    rf"""(
      {_NAMES}[\w.-]{{0,40}}[\\"'\]]{{0,3}}\s{{0,40}}(?::=|=>|[:=])\s{{0,40}}
    | (?<![\w-])--?[\w-]{{0,30}}{_NAMES}\s{{1,3}}                    # an option
    )
    (?:["']?(?:bearer|basic)\s)?
    (?:[^=\n"',;]{{0,40}}=\s{{0,40}})?                                # the type before the value
    {_VALUE}""",
    re.IGNORECASE | re.VERBOSE,
)
_ELEMENT = re.compile(
    rf"(<[\w:.-]{{0,40}}{_NAMES}[\w:.-]{{0,40}}(?:\s[^<>]{{0,200}})?>)[^<]+", re.IGNORECASE
)
_KNOWN = re.compile(
    r"""
      (?:bearer|basic)\s+(?=[\w.~+/-]{0,200}[\d=])[\w.~+/=-]{8,}   # an Authorization header
    | \b(?:gh[pousr]|github_pat|glpat|hf|pypi|npm|sk|pk|rk|xox[abprs])[-_][\w-]{16,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                  # a JSON web token
    | -----BEGIN\ [A-Z\ ]{0,40}PRIVATE\ KEY[\s\S]*?(?:-----END[A-Z\ ]{0,60}-----|\Z)
    | \A(?:(?!-----BEGIN)[\s\S])*?-----END\ [A-Z\ ]{0,40}PRIVATE\ KEY-----   # a text cut in a key
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LOGIN_IN_URL = re.compile(r"(://[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)")


def is_secret_name(name: str) -> bool:
    """Return whether the value of a key or column with this name is to be kept secret."""
    return _NAME.search(name[:200]) is not None


def without_secrets(text: str) -> str:
    """Return a text with what looks like a password or token replaced."""
    text = _LOGIN_IN_URL.sub(rf"\g<1>{HIDDEN}", text)
    text = _ELEMENT.sub(rf"\g<1>{HIDDEN}", _KNOWN.sub(HIDDEN, text))
    return _ASSIGNED.sub(rf"\g<1>{HIDDEN}", text)
