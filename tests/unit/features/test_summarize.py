import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelInfo, NullBackend
from assist_server.engine.request import CancelToken, GenerationRequest, Priority
from assist_server.errors import InputError, ModelError
from assist_server.features.summarize import (
    Method,
    Selection,
    Summary,
    comment_edit,
    summarize,
)
from assist_server.settings import Settings, SummarySettings
from assist_server.text.newlines import edit_original, with_line_feeds

CODE = '''import os


class Stack:
    """A pile. Last in, first out."""

    def push(self, item, *more):
        self.items.append(item)


def size(stack):
    return len(stack.items)
'''


@dataclass
class ChatBackend(NullBackend):
    """A model that can be talked to, of a context that a test chooses."""

    context_tokens: int = 4096

    @property
    def info(self) -> ModelInfo:
        return replace(super().info, has_chat_template=True, context_tokens=self.context_tokens)


def whole(text: str, path: str = "sample.py") -> Selection:
    return Selection(Snapshot(f"file:///{path}", path, text), 0, len(text))


def settings_with(**summary) -> Settings:
    return Settings(summary=SummarySettings(**summary))


def prompt_of(request: GenerationRequest) -> str:
    return "".join(map(chr, request.prompt_ids))


@pytest.mark.parametrize("kind", [NullBackend, ChatBackend])
def test_completions_come_before_summaries(kind):
    backend = kind(answer="x")
    summarize(whole(CODE), backend, Settings())
    assert {request.priority for request in backend.requests} == {Priority.BACKGROUND}


# A model that only completes


def test_code_is_described_by_the_model_s_comment_and_the_outline():
    backend = NullBackend(answer="a stack of plain items.\nimport")
    assert summarize(whole(CODE), backend, Settings()) == Summary(
        "A stack of plain items.\n"
        "\n"
        "- class `Stack` (line 4): A pile.\n"
        "- method `push(item, *more)` (line 7)\n"
        "- function `size(stack)` (line 11)",
        Method.COMMENT,
    )
    # Asked as for the comment that stands above the code.
    assert prompt_of(backend.requests[0]) == "# "


@pytest.mark.parametrize(
    "answer", ["", "x = 1", "----- ----- -----", "to be to be to be", "words " * 9]
)
def test_what_is_no_comment_gives_way_to_a_count(answer):
    found = summarize(whole(CODE), NullBackend(answer=answer), Settings())
    assert found.markdown.startswith("12 lines of Python: 1 class, 1 method, 1 function.\n")


def test_code_without_definitions_has_no_list():
    found = summarize(whole("x = 1\n"), NullBackend(), Settings())
    assert found == Summary("1 line of Python.", Method.COMMENT)


def test_only_what_is_selected_is_listed():
    snapshot = whole(CODE).snapshot
    start = CODE.index("def size")
    found = summarize(Selection(snapshot, start, len(CODE)), NullBackend(), Settings())
    assert re.findall(r"`(\w+)", found.markdown) == ["size"]


def test_a_long_list_is_cut_and_says_so():
    code = "".join(f"def f{number}(): pass\n" for number in range(25))
    found = summarize(whole(code), NullBackend(), Settings())
    assert found.markdown.endswith("(line 20)\n- and 5 more")


# Prose


PROSE = (
    "Rivers carry water to the sea. It rained. Water of rivers shapes the valleys. Nobody spoke! "
    "The sea returns water to the rivers as rain."
)


def test_prose_is_summarized_by_its_own_sentences():
    backend = NullBackend(answer="never asked")
    assert summarize(whole(PROSE, "a.txt"), backend, Settings()) == Summary(
        "Rivers carry water to the sea.", Method.EXTRACT
    )
    assert backend.requests == []


@given(st.text("ab. \n!", min_size=1).filter(str.strip))
def test_an_extract_quotes_the_text_in_order_and_nothing_twice(text):
    found = summarize(whole(text, "a.txt"), NullBackend(), Settings())
    quoted = [line.removeprefix("- ") for line in found.markdown.splitlines()]
    flat = " ".join(text.split())
    places = [flat.index(sentence) for sentence in quoted]
    assert 1 <= len(quoted) <= 3
    assert len(set(quoted)) == len(quoted)
    assert all(place >= 0 for place in places)


def extract(text):
    return summarize(whole(text, "a.txt"), NullBackend(), Settings()).markdown


def test_of_a_short_text_the_first_sentence_is_shown():
    assert extract("Title\n\nIt reads files. It is fast. Files are read.") == "It reads files."
    assert extract("no stop at all") == "no stop at all"
    assert extract("1. Start\n\nIt reads some files. It is fast.") == "It reads some files."
    assert extract("Dr. Smith wrote it. So did I.") == "Dr. Smith wrote it."
    assert (
        extract("Usage (see e.g. the manual) is easy. Try.")
        == "Usage (see e.g. the manual) is easy."
    )
    assert extract("# What is it?\n\nIt is a parser.") == "It is a parser."


def test_of_a_long_text_the_first_and_the_most_central_sentences_are_shown():
    filler = [f"{letter.upper() * 4} {letter * 5}." for letter in "klmnopqrst"]
    text = " ".join(["It begins here.", *filler, "Parsers parse.", "Parsers parse parsers."])
    shown = extract(text).splitlines()
    assert shown[0] == "- It begins here."
    assert len(shown) == 3
    assert "- Parsers parse." in shown


# A model that can be talked to


def test_a_short_text_is_one_question():
    backend = ChatBackend(answer=" It stacks. \n")
    found = summarize(whole(CODE), backend, Settings())
    assert found == Summary("It stacks.", Method.CHAT)
    (request,) = backend.requests
    assert prompt_of(request).startswith("You summarize python code")
    assert prompt_of(request).endswith(CODE)


def test_a_long_text_is_summarized_by_parts_and_put_together():
    backend, said = ChatBackend(answer="part"), []
    text = "".join(f"line {number}\n" for number in range(30))
    settings = settings_with(max_prompt_tokens=100)
    summarize(whole(text, "a.txt"), backend, settings, report=said.append)
    *parts, last = map(prompt_of, backend.requests)
    assert "".join(part.partition("\n\n")[2] for part in parts) == text
    assert all("a part of a text" in part for part in parts)
    assert last.startswith("You are given summaries of the consecutive parts of a text.")
    assert last.endswith("\n\npart" * len(parts))
    numbers = [f"part {n} of {len(parts)}" for n in range(1, len(parts) + 1)]
    assert said == [*numbers, "putting the parts together"]


@given(
    st.lists(st.integers(0, 200).map("a b\r".__mul__), min_size=1, max_size=10)
    .map("\n".join)
    .filter(str.strip),
    st.sampled_from([900, 4096]),
    st.integers(64, 1000),
)
def test_every_question_fits_and_nothing_of_the_text_is_lost(text, context, max_tokens):
    backend = ChatBackend(answer="an answer", context_tokens=context)
    settings = settings_with(max_prompt_tokens=max_tokens)
    summarize(whole(text, "a.txt"), backend, settings)
    for request in backend.requests:
        assert len(request.prompt_ids) + request.max_new_tokens <= context
    asked = [prompt_of(request).partition("\n\n")[2] for request in backend.requests]
    texts = asked if len(asked) == 1 else asked[:-1]
    assert "".join(texts) == with_line_feeds(text)
    assert max(map(len, texts)) <= max_tokens


def test_an_empty_answer_is_no_summary():
    with pytest.raises(ModelError, match="nothing to say"):
        summarize(whole(CODE), ChatBackend(answer=" "), Settings())


# All ways


@pytest.mark.parametrize("backend", [ChatBackend(answer="text"), NullBackend(answer="text")])
def test_a_cancelled_summary_is_none(backend):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(InputError, match="cancelled"):
        summarize(whole(CODE), backend, Settings(), cancel=cancel)


def test_white_space_is_nothing_to_summarize():
    with pytest.raises(InputError, match="select the text"):
        summarize(whole(" \n\t"), NullBackend(), Settings())


# As a comment


def commented(document: str, markdown: str, path: str = "a.py") -> str:
    start = len(with_line_feeds(document[: document.index("|")]))
    text = document.replace("|", "")
    snapshot = Snapshot("file:///a", path, text)
    edit = comment_edit(Selection(snapshot, start, len(snapshot.text)), markdown)
    return edit_original(text, [edit])


@pytest.mark.parametrize(
    ("path", "mark"),
    [("a.py", "#"), ("a.rs", "//"), ("a.ts", "//"), ("a.lua", "--"), ("a.go", "//"), ("a.c", "//")],
)
def test_a_comment_has_the_language_s_mark(path, mark):
    document = commented("first\nsec|ond\n", "**What** it is.\n\n- `one`\n", path)
    assert document == f"first\n{mark} What it is.\n{mark}\n{mark} - one\nsecond\n"


def test_a_comment_is_indented_as_its_line():
    assert commented("if x:\n\t |y()\n", "Call.") == "if x:\n\t # Call.\n\t y()\n"


def test_a_comment_keeps_the_line_ends():
    assert commented("a\r\n|b\r\n", "One.\nTwo.") == "a\r\n# One.\r\n# Two.\r\nb\r\n"


def test_long_lines_are_wrapped():
    document = commented("    |x\n", "- " + "word " * 40)
    lines = document.splitlines()[:-1]
    assert max(map(len, lines)) <= 88
    assert lines[1].startswith("    #   word")


@given(st.text("ab*`#\\\r\n\u2028\x0b\x1c -").map("a{}".format), st.sampled_from(["\n", "\r\n"]))
def test_a_comment_is_comment_lines_and_nothing_else(markdown, newline):
    code = f"int a;{newline}  |int b;{newline}"
    before, _, behind = commented(code, markdown, "a.c").partition("  int b;")
    added = before.removeprefix(f"int a;{newline}")
    assert behind == newline
    assert added.endswith(newline)
    for line in added.removesuffix(newline).split(newline):
        assert re.fullmatch(r"  //( [^\r\n\u2028]*)?(?<!\\)", line)
