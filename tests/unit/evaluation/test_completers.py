from assist_server.engine.backend import NullBackend
from assist_server.evaluation.completers import copy_completer, model_completer, ngram_completer
from assist_server.evaluation.tasks import Kind, Place
from assist_server.settings import Settings


def place(before, missing, behind, kind=Kind.REST_OF_LINE):
    text = before + missing + behind
    return Place(kind, "a.py", text, len(before), len(before) + len(missing))


def test_copying_goes_on_as_the_longest_end_did_before():
    text = "for item in items:\n    use(item)\nfor item in "
    assert copy_completer(place(text, "others:", "\n")).text == "items:"


def test_copying_finds_what_stands_behind_the_cursor():
    assert copy_completer(place("call(", "one, two)", "\nx = 1\nrecall(three)\n")).text == "three)"


def test_copying_never_sees_what_is_missing():
    assert copy_completer(place("unique", "ly missing", "\n")).text == ""


def test_copying_ends_where_the_rest_of_the_line_begins():
    assert copy_completer(place("use(one, 2)\nuse(", "x", ", 2)\n", Kind.ARGUMENT)).text == "one"


def test_copying_a_block_ends_at_a_blank_line():
    text = "if a:\n    one()\n    two()\n\nif b:\n    "
    assert copy_completer(place(text, "x", "\n", Kind.BLOCK)).text == "one()\n    two()"


def test_ngrams_write_what_is_likeliest():
    write = ngram_completer(["return value\n" * 3 + "return other\n"])
    assert write(place("x\nreturn ", "value", "\n")).text == "value"


def test_ngrams_of_the_file_itself_count_for_more():
    write = ngram_completer(["return value\n" * 3])
    assert write(place("\nreturn other\nreturn ", "x", "\n")).text == "other"


def test_ngrams_write_the_same_however_they_were_asked_before():
    """Where text is typed, only what is new is counted; what went is forgotten."""
    typed = "value = one(two)\nother = one(three)\n\nvalue = one(two)\nvalue = one("
    places = [place(typed[:end], "x", "\nreturn value\n") for end in range(1, len(typed) + 1)]
    places += [places[20], place("other = one(", "x", "\n"), places[-1], places[5]]
    write = ngram_completer([])
    found = [write(one).text for one in places]
    assert found == [ngram_completer([])(one).text for one in places]
    assert len(set(found)) > 5


def test_ngrams_that_know_nothing_write_nothing():
    assert ngram_completer([])(place("a", "b", "")).text == ""


def test_the_model_is_asked_as_the_product_asks_it():
    backend = NullBackend(answer="value + 1\nmore")
    found = model_completer(backend, Settings())(place("total = ", "value", "\n"))
    assert (found.text, found.replaced_chars) == ("value + 1", 0)
    assert len(backend.requests) == 1
