"""Sentences in many languages, and the first one of documentation; boilerplate is recognized."""

import re

import sentencex

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
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]{3}")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("am", re.compile(r"[\u1200-\u137f]")),
    ("my", re.compile(r"[\u1000-\u109f]")),
)
"""Languages recognized by letters; others with these letters end sentences the same way."""

_SMALL_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in is it that for was on with as are be this by he she they at or an",
        "de": "der die das und ist nicht ein eine mit von zu den auf für er sie es im war dem",
        "fr": "le la les et est un une des dans que pour il elle sur pas du au ce qui sont en",
        "es": "el la los las y es un una de que en por con para no del se al su llegaron",
        "it": "il la le gli e è un una di che in per con non del si al sono della qui",
        "pt": "o a os as e é um uma de que em por com para não do da se ao no na",
        "nl": "de het een en is van in op dat niet met voor zijn er te aan en mevr",
        "pl": "i w na nie się z do to jest że o jak po co ale za był było",
        "cs": "a v na je se že z do to s o jako po byl bylo být který",
        "sv": "och i att det som en på är av för med den till inte var ett",
        "da": "og i at det som en på er af for med den til ikke var et",
        "fi": "ja on ei se että oli hän mutta niin kun myös ovat",
        "tr": "ve bir bu da de için ile olarak çok daha ne gibi",
        "ro": "și în a la de nu este cu pe un o că din mai",
        "hu": "a az és hogy nem is egy van volt meg de ez",
    }.items()
}
_NEVER_LAST = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|cf|vs|viz|approx|resp|incl|prof|dr|mr|mrs|ms|mme|mlle|figs?|eqs?|vols?)"
    r"\.\s*$",
    re.IGNORECASE,
)
_SHORT_WORD = re.compile(r"(?:^|\s)[^\W\d_]{1,5}\.\s*$")
_NUMBER_ONLY = re.compile(r"\s*(?:\d+|[a-zA-Z])[.)]\s*$")
_MAX_CHARS = 160
_MARKS = re.compile(r"^[\s/*#\-!;%<|>]+|\*/\s*$")
_SUMMARY_TAG = re.compile(r"[@\\](?:brief|short|summary|description|desc)\b\s*|</?summary>\s*")
_HTML = re.compile(r"</?(?:p|br|b|i|em|strong|code|pre|tt|ul|li|div|a)(?:\s[^<>]{0,200})?/?>")
_INLINE_TAG = re.compile(r"\{@(?:code|link|linkplain|literal)\s+([^{}]{0,200})\}")
_FIELD = re.compile(
    r"""
      [@\\:]\w                        # @param, \return, :param x:
    | \{@?\w+\}?\s*$                  # {@inheritDoc}
    | (?:args|arguments|parameters|params|returns?|yields|raises|throws|attributes|examples?|note)
      s?:?\s*$                        # Args:, Returns
    | [-=~]{3,}\s*$
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_boilerplate(text: str) -> bool:
    """Return whether a sentence is about licences, authors or tools instead of code."""
    return _BOILERPLATE.search(text) is not None


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph, with normalized white space."""
    sentences: list[str] = []
    for piece in sentencex.segment(guess_language(text), " ".join(text.split())):
        if sentences and _continues(sentences[-1][-_MAX_CHARS:], piece):
            sentences[-1] += piece
        else:
            sentences.append(piece)
    return [sentence.strip() for sentence in sentences if sentence.strip()]


def _continues(sentence: str, following: str) -> bool:
    """Return whether a sentence was cut at an abbreviation, or after the number of an item."""
    if _NUMBER_ONLY.match(sentence) or _NEVER_LAST.search(sentence):
        return True
    starts_small = following[:1].islower()
    return starts_small or (following[:1].isdigit() and bool(_SHORT_WORD.search(sentence)))


def guess_language(text: str) -> str:
    """Return a probable language, as far as abbreviations need it; English by default."""
    for language, letters in _SCRIPTS:
        if letters.search(text):
            return language
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {
        language: sum(map(small.__contains__, words)) for language, small in _SMALL_WORDS.items()
    }
    return max(counts, key=counts.__getitem__)


def _markup_free(line: str) -> str:
    """Return a line of documentation without tags of HTML and inline tags of Javadoc."""
    return _INLINE_TAG.sub(r"\1", _HTML.sub("", line))


def opening_sentence(documentation: str) -> str:
    """Return the first sentence of a docstring or comment; empty if it has none."""
    lines: list[str] = []
    for raw in re.sub(r"^[rbuRBU]{0,2}(\"\"\"|''')", "", documentation).splitlines():
        line = (
            _SUMMARY_TAG.sub("", _MARKS.sub("", _markup_free(raw))).strip("\"' ").replace("**", "")
        )
        if _FIELD.match(line) or (lines and not line):
            break
        lines += [line] if line else []
    sentences = split_sentences(" ".join(lines))
    if not sentences or is_boilerplate(sentences[0]):
        return ""
    first = sentences[0]
    return first if len(first) <= _MAX_CHARS else f"{first[: _MAX_CHARS - 1].rstrip()}…"
