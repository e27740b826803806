"""Summaries of mail: who writes to whom about what, the newest words, and what is asked."""

import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from email.message import Message
from email.parser import Parser

from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, quoted, said
from assist_server.features.summarize.sentences import split_sentences

HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]")
KNOWN_HEADERS = frozenset([
    "from", "to", "cc", "subject", "date", "message-id", "received", "reply-to", "mime-version",
    "content-type",
])  # fmt: skip
ATTRIBUTION = re.compile(
    r"(?:On .{4,200} wrote|Am .{4,200} schrieb.{0,100}|Le .{4,200} a \u00e9crit"
    r"|El .{4,200} escribi\u00f3|.{1,120} (?:wrote|writes))\s?:\s*$"
)
ORIGINAL = re.compile(
    r"-{2,}\s*(?:Original|Forwarded|Urspr\u00fcngliche) (?:Message|message|Nachricht)\s*-{2,}"
)
_QUOTE = re.compile(r"[ \t]{0,3}(?:[>|][ \t]?)+")
_MAX_CHARS = 2_000_000
_MAX_OWN_LINES = 400
"""Number of lines of the newest message in which its sentences are looked for."""

_MAX_QUESTIONS = 6
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|hallo|liebe[r]?|bonjour|good (?:morning|day|evening))\b.{0,60}[,!.:]?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    depth: int
    """Depth of quotation."""


@dataclass(frozen=True)
class _Head:
    fields: dict[str, str]
    lines: dict[str, int]
    """Numbers of the lines of the fields."""


def describe_mail(selection: Selection) -> Facts:
    """Return the facts of a mail, or of a thread that is quoted in one."""
    text = selection.text[:_MAX_CHARS]
    head, body_start = _read_head(selection, text)
    body = list(_body(selection, text, body_start))
    newest = _newest(body)
    messages = 1 + _quoted_messages(body)
    return Facts(
        _headline(head, newest, messages),
        (*_head_facts(head), *_said(newest), *_questions(newest)),
    )


def _read_head(selection: Selection, text: str) -> tuple[_Head, int]:
    """Return the header fields, and the offset of the body."""
    start = len(text) - len(text.lstrip())
    lines: dict[str, int] = {}
    at = start
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        if not line.strip():
            at = end
            break
        if found := HEADER.match(line):
            lines.setdefault(found[1].lower(), selection.line_at(at))
        elif not (line.startswith((" ", "\t", "From ", ">From ")) and (lines or at == start)):
            if not lines:
                return _Head({}, {}), 0
            break
        at = end
    if not lines:
        return _Head({}, {}), 0
    head = re.sub(r"\A>?From [^\n]*\n", "", text[start:at])
    parsed = Parser(policy=email.policy.compat32).parsestr(head, headersonly=True)
    return _Head({name: _decoded(parsed, name) for name in lines}, lines), at


def _decoded(message: Message, name: str) -> str:
    value = str(message.get(name, ""))
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (ValueError, LookupError, AssertionError):  # an unknown or wrong encoding
        return " ".join(value.split())


def _body(selection: Selection, text: str, start: int) -> Iterator[_Line]:
    at = start
    number = selection.line_at(start) if start < len(text) else 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at : min(end, at + 4_000)].rstrip("\n")
        marks = _QUOTE.match(line)
        depth = sum(marks[0].count(one) for one in ">|") if marks else 0
        yield _Line(number, line[marks.end() :] if marks else line, depth)
        at, number = end, number + 1


def _newest(body: list[_Line]) -> list[_Line]:
    """Return the lines that the newest message itself says, without its signature."""
    least = min((line.depth for line in body if line.text.strip()), default=0)
    newest: list[_Line] = []
    is_technical = False
    for line in body:
        if line.depth > least:
            continue
        if len(newest) == _MAX_OWN_LINES:
            break
        if (
            ORIGINAL.match(line.text)
            or line.text in {"-- ", "--"}
            or line.text.startswith("diff --")
        ):
            break
        is_folded = is_technical and line.text[:1] in {" ", "\t"}
        is_technical = is_folded or _TECHNICAL.match(line.text) is not None
        if is_technical or _ENCODED.fullmatch(line.text):
            line = replace(line, text="")  # noqa: PLW2901 - the end of a paragraph
        if not ATTRIBUTION.match(line.text):
            newest.append(line)
    return newest


def _quoted_messages(body: list[_Line]) -> int:
    """Return how many older messages are quoted."""
    originals = sum(bool(ORIGINAL.match(line.text)) for line in body)
    attributions = sum(bool(ATTRIBUTION.match(line.text)) for line in body)
    depths = {line.depth for line in body if line.text.strip()}
    return max(originals, attributions, len(depths) - 1, 0)


def _headline(head: _Head, newest: list[_Line], messages: int) -> str:
    fields = head.fields
    subject = f" about {quoted(fields['subject'], 140)}" if fields.get("subject") else ""
    sender = f" from {quoted(fields['from'], 80)}" if fields.get("from") else ""
    date = f" on {said(fields['date'], 40)}" if fields.get("date") else ""
    older = f", with {counted(messages - 1, 'older message')} quoted" if messages > 1 else ""
    asks = sum(1 for _ in _asked(newest))
    question = f"; {counted(asks, 'question')}" if asks else ""
    return f"A mail{sender}{date}{subject}{older}{question}."


def _head_facts(head: _Head) -> Iterator[Fact]:
    for name, label in (("to", "to"), ("cc", "copy to")):
        if value := head.fields.get(name):
            yield Fact(label, head.lines[name], quoted(value, 120))


def _paragraphs(lines: list[_Line]) -> Iterator[list[_Line]]:
    paragraph: list[_Line] = []
    for line in lines:
        if line.text.strip():
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _sentences(lines: list[_Line]) -> Iterator[tuple[int, str]]:
    """Yield the sentences of the newest message, and the lines on which they begin."""
    for paragraph in _paragraphs(lines):
        starts, length = [], 0
        for line in paragraph:
            starts.append((length, line.number))
            length += len(" ".join(line.text.split())) + 1
        joined = " ".join(" ".join(line.text.split()) for line in paragraph)
        at = 0
        for sentence in split_sentences(joined):
            at = max(at, joined.find(sentence, at))
            yield next(number for start, number in reversed(starts) if start <= at), sentence


def _said(newest: list[_Line]) -> Iterator[Fact]:
    sentences = (
        (line, one)
        for line, one in _sentences(newest)
        if len(one.split()) >= 3 and not _GREETING.match(one) and not _TECHNICAL.match(one)
    )
    first = next(sentences, None)
    if first and not _is_question(first[1]):
        line, sentence = first
        yield Fact("it says", line, said(_GREETING_START.sub("", sentence), 240))


_TECHNICAL = re.compile(
    r"--\w|(?:Content|MIME|X)-[\w-]{1,60}:"
    r"|This is an? (?:MIME|multi-?part|OpenPGP)|(?:End of )?MIME message",
    re.IGNORECASE,
)
"""Lines between the parts of a mail."""
_ENCODED = re.compile(r"[\w+/=]{40,}")
"""A line of an attachment in base64."""
_GREETING_START = re.compile(r"^(?:hi|hello|hey|dear)\b[^,]{0,40},\s", re.IGNORECASE)


def _is_question(sentence: str) -> bool:
    return sentence.rstrip("\"')").endswith("?") and len(sentence.split()) > 1


def _asked(newest: list[_Line]) -> Iterator[tuple[int, str]]:
    for line, sentence in _sentences(newest):
        if _is_question(sentence):
            yield line, sentence


def _questions(newest: list[_Line]) -> Iterator[Fact]:
    for number, (line, sentence) in enumerate(_asked(newest)):
        if number == _MAX_QUESTIONS:
            return
        yield Fact("asks", line, said(sentence))
