"""Clients of one model that must not learn from each other's timing."""

from assist_server.engine.backend import NullBackend
from assist_server.engine.decoding.ngram_drafts import NgramDrafting
from assist_server.engine.loading.model_pool import ClientBackend
from assist_server.engine.request import GenerationRequest, collect

ROOM = 8


class DraftingBackend(NullBackend):
    """Passes on what is learned, as a real model does."""

    def __init__(self):
        super().__init__(answer="x")
        self.drafting = NgramDrafting()

    def learn(self, name, parts):
        self.drafting.learn(name, parts)

    def forget(self, name):
        self.drafting.forget(name)


def client_of(backend, name, *, shares=False):
    return ClientBackend(backend, name, shares_caches=shares)


def test_requests_are_marked_where_caches_are_not_shared():
    backend = NullBackend(answer="x")
    for shares in (True, False):
        collect(client_of(backend, "one ", shares=shares).generate(GenerationRequest((1,), 1)))
    assert [request.client for request in backend.requests] == ["", "one "]


class EncodingBackend(NullBackend):
    """Notes for whom it encodes."""

    def __init__(self):
        super().__init__()
        self.encoded = []

    def encode(self, text, client=""):
        self.encoded.append((text, client))
        return super().encode(text)


def test_text_is_encoded_for_the_client_where_caches_are_not_shared():
    backend = EncodingBackend()
    for shares in (True, False):
        client = client_of(backend, "one ", shares=shares)
        client.encode("a")
        client.encode_chat([{"role": "user", "content": "b"}])
    assert backend.encoded == [("a", ""), ("b", ""), ("a", "one "), ("b", "one ")]


def test_drafts_look_up_in_the_clients_own_texts_only():
    backend = DraftingBackend()
    one, ten = client_of(backend, "client-1 "), client_of(backend, "client-10 ")
    ten.learn("file:///a.py", [[1, 2, 3, 4]])
    assert backend.drafting((1, 2, 3), ten.client).propose(ROOM) == [4]
    assert backend.drafting((1, 2, 3), one.client).propose(ROOM) == []
    assert backend.drafting((1, 2, 3)).propose(ROOM) == [4]


def test_documents_of_one_name_are_each_clients_own():
    backend = DraftingBackend()
    one, other = client_of(backend, "client-1 "), client_of(backend, "client-2 ")
    for client, ids in ((one, [1, 2, 3, 4]), (other, [1, 2, 3, 5])):
        client.learn("file:///a.py", [ids])
    other.forget("file:///a.py")
    assert backend.drafting((1, 2, 3), one.client).propose(ROOM) == [4]
    assert backend.drafting((1, 2, 3), other.client).propose(ROOM) == []


def test_a_client_does_not_end_the_model_of_others():
    backend = NullBackend(answer="x")
    client_of(backend, "one ").close()
    assert collect(backend.generate(GenerationRequest((1,), 1))).text == "x"
