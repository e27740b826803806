from assist_server.engine.remote.token_cache import TokenCache
from assist_server.engine.tokens.line_cache import cut_before_line_end


class Counting:
    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.append(list(texts))
        return [tuple(map(ord, text)) for text in texts]


def test_lines_are_asked_for_together_and_once():
    ask = Counting()
    cache = TokenCache(ask, cut_before_line_end)
    text = "a = 1\nb = 2\na = 1\n"
    assert bytes(cache.encode(text, "")).decode() == text
    assert ask.asked == [["a = 1", "\nb = 2", "\na = 1", "\n"]]
    assert bytes(cache.encode(text + "c", "")).decode() == text + "c"
    assert ask.asked[1:] == [["\nc"]]


def test_a_client_does_not_see_what_another_has_asked_for():
    ask = Counting()
    cache = TokenCache(ask, cut_before_line_end)
    cache.encode("secret", "one")
    cache.encode("secret", "two")
    assert ask.asked == [["secret"], ["secret"]]


def test_without_a_cut_a_text_is_asked_for_in_one_piece():
    ask = Counting()
    cache = TokenCache(ask, None)
    cache.encode("a\nb", "")
    cache.encode("", "")
    assert ask.asked == [["a\nb"]]


def test_the_longest_unused_lines_are_forgotten():
    ask = Counting()
    cache = TokenCache(ask, cut_before_line_end)
    cache.encode("first", "")
    for number in range(17):
        cache.encode("\n".join(f"{number}x{line}" for line in range(1000)), "")
    cache.encode("first", "")
    assert ask.asked[-1] == ["first"]
