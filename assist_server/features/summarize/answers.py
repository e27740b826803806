"""A model's answer without the parts that the text does not support."""

import re

from assist_server.features.summarize.sentences import guess_language, split_sentences
from assist_server.features.summarize.support import unsupported, unsupported_names

_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\*\*[^*]*\*\*:?\s*$)")
_WORD = re.compile(r"\w+")
_ABOUT_ITSELF = re.compile(
    r"\b(?:bullet points?|your (?:answer|summary)"
    r"|I(?:['\u2019](?:ll|ve|m|d)| will| have| am| would)"
    r"|you(?:['\u2019]ve| have) (?:already )?(?:provided|given|asked))\b",
    re.IGNORECASE,
)
"""Words about the answer itself, or to the person who asked."""
_LINE_OF_WORDS = re.compile(r"[*_`\"'(]*\w.*\s.*\w.*(?<![{};])|.*[^\x00-\x7f].*")
"""Several words, or a language without spaces between them."""
_ENDS = (".", "!", "?", "\u3002", "\uff01", "\uff1f")
_RUN = 5
"""Length in words of the runs that an echo has in common with its text."""

_MAX_SHARED = 0.8
_MAX_WORDS = 200_000
_MIN_SENTENCE_CHARS = 12


def supported_part(answer: str, source: str, request: str = "") -> str:
    """Return the answer without the sentences and items that say what the source does not.

    A heading, or a line that introduces a list, goes with the last item below it.

    Args:
        answer: In Markdown.
        source: The text that the answer is about, and what is known of it.
        request: What was asked for; sentences that repeat it are left out as well.
    """
    is_english = guess_language(answer) == "en"

    def is_good(part: str) -> bool:
        return not is_echo(part, request) and _is_supported(part, source, is_english=is_english)

    kept: list[str] = []
    for line in answer.splitlines():
        item = _ITEM.match(line)
        if item or _HEADING.match(line) or not line.strip():
            kept += [line] if is_good(line) else []
            continue
        sentences = split_sentences(line)
        good = [one for one in sentences if is_good(one)]
        kept += [line] if len(good) == len(sentences) else [" ".join(good)] if good else []
    return _without_empty_heads(kept).strip()


def is_echo(answer: str, text: str) -> bool:
    """Return whether an answer only repeats the text."""
    words = _words(answer)
    source = _words(text[: 8 * _MAX_WORDS])[:_MAX_WORDS]
    if len(words) <= _RUN:
        is_long = bool(words) and len(answer) >= _MIN_SENTENCE_CHARS
        return is_long and " ".join(words) in " ".join(source)
    runs = {tuple(words[n : n + _RUN]) for n in range(len(words) - _RUN + 1)}
    known = {tuple(source[n : n + _RUN]) for n in range(len(source) - _RUN + 1)}
    return len(runs & known) > _MAX_SHARED * len(runs)


def without_code(answer: str) -> str:
    """Return the paragraphs of an answer that are words: a weak model goes on with the code."""
    paragraphs = re.split(r"\n{2,}", answer)
    words = (one for one in paragraphs if all(map(_LINE_OF_WORDS.fullmatch, one.split("\n"))))
    return "\n\n".join(words)


def adds_to(facts: str, sentence: str) -> bool:
    """Return whether a sentence is whole, and says more than the facts below it."""
    words = _words(sentence)
    known = set(_words(facts))
    is_known = sum(word in known for word in words) > _MAX_SHARED * len(words)
    return len(sentence) >= _MIN_SENTENCE_CHARS and sentence.endswith(_ENDS) and not is_known


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _is_supported(part: str, source: str, *, is_english: bool) -> bool:
    itself = _ABOUT_ITSELF.search(part)
    if itself and itself.group().lower() not in source.lower():
        return False
    return not unsupported(source, part) and not (is_english and unsupported_names(source, part))


def _without_empty_heads(lines: list[str]) -> str:
    """Return lines without those that introduce nothing."""
    kept: list[str] = []
    for line in reversed(lines):
        following = next((one for one in reversed(kept) if one.strip()), "")
        introduces = bool(_HEADING.match(line)) or line.rstrip().endswith(":")
        if introduces and (not following or _HEADING.match(following)):
            continue
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reversed(kept)))
