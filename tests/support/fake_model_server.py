"""A server in this process that is a llama-server, vLLM, or one like OpenAI's, without a model."""

import contextlib
import json
import re
import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from assist_server.engine.tokens.codec import byte_level_bytes

CONTROL = {
    token: number
    for number, token in enumerate(
        ("</s>", "<|im_start|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    )
}
_FREE = {"grammar": ""}
_LETTERS = {
    byte_level_bytes(letter): letter
    for letter in map(chr, (*range(0x21, 0x7F), *range(0xA1, 0x144)))
}
"""Each byte as byte-level vocabularies spell it."""
_SPELLED = re.compile("|".join(map(re.escape, CONTROL)))
_FIRST = 100
"""The id of the byte 0; each byte of a text is a token."""


def ids_of(text):
    return [_FIRST + byte for byte in text.encode()]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self._answer(None)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self._answer(json.loads(self.rfile.read(length)))

    def log_message(self, *_):
        """Say nothing."""

    def _answer(self, body):
        fake = self.server.fake
        client = self.client_address
        fake.connections.add(self.connection)
        with fake.arrived:
            fake.requests.append((self.path, body, {**self.headers, "client": client}))
            fake.arrived.notify_all()
        if self.path in fake.failures:
            fake.failures[self.path](self)
        elif fake.key and self.headers.get("Authorization") != f"Bearer {fake.key}":
            said = f"Incorrect API key: {self.headers.get('Authorization')}"
            self.give({"error": {"message": said}}, 401)
        else:
            getattr(fake, f"_{fake.kind}")(self, body)

    def give(self, answer, status=200, **headers):
        content = json.dumps(answer).encode()
        self.give_bytes(content, status, **{"Content-Type": "application/json", **headers})

    def give_bytes(self, content, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def begin_stream(self, kind="text/event-stream"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def put(self, data):
        self.put_bytes(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode())

    def put_bytes(self, content):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def cut(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def wait_until_closed(self):
        """Wait until the client has closed the connection."""
        while True:
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.close_connection = True
                self.server.fake.closed.set()
                return
            if self.server.fake.released.is_set():
                return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing: a client may go away at any moment."""


class FakeModelServer:
    """What it answers may be changed at any time."""

    def __init__(self, kind="llama", answer="", port=0):
        self.kind, self.answer, self.key = kind, answer, ""
        self.requests = []
        self.failures = {}
        """What to do instead, by path; called with the handler."""
        self.holds_after = None
        """The number of characters after which a stream says nothing more."""
        self.closed, self.released = threading.Event(), threading.Event()
        self.are_user_defined = False
        """Whether control tokens are found in plain text, too."""
        self.takes_suffix, self.log_probs = True, "legacy"
        self.refuses_log_probs = False
        self.models = ["coder"]
        self.file = "/models/coder.gguf"
        self.echoes_suffix = self.ignores_suffix = False
        self.connections = set()
        self.arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        for connection in self.connections:
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def wait_for(self, path, count=1):
        """Wait for a number of requests."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.bodies(path)) >= count, 20)

    def bodies(self, path):
        return [body for at, body, _ in self.requests if at == path]

    def _llama(self, handler, body):
        if handler.path.partition("?")[0] == "/props":
            template = "<|im_start|>{{ messages }}<|im_end|>"
            handler.give(
                {
                    "default_generation_settings": {"n_ctx": 2048},
                    "model_path": self.file,
                    "model_alias": self.file,
                    "model_ftype": "Q4",
                    "eos_token": "</s>",
                    "chat_template": template,
                }
            )
        elif handler.path == "/tokenize":
            handler.give({"tokens": self._tokens(body)})
        elif handler.path == "/apply-template":
            turns = [
                f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n"
                for each in body["messages"]
            ]
            handler.give({"prompt": "".join(turns) + "<|im_start|>assistant\n"})
        elif handler.path == "/completion":
            forced = re.match(r'root ::= "(.*)" ', body.get("grammar", ""))
            literal = re.sub(
                r"\\U(.{8})", lambda found: chr(int(found[1], 16)), forced[1] if forced else ""
            )
            self._stream(handler, literal + self.answer, _llama_event, {"stop": True})
        else:
            handler.give({"error": {"message": "File Not Found"}}, 404)

    def _tokens(self, body):
        content = body["content"]
        tokens = []
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, int):
                tokens.append({"id": part, "piece": ""})
                continue
            start = 0
            finds = body["parse_special"] or self.are_user_defined
            for match in _SPELLED.finditer(part) if finds else ():
                tokens += _bytes_as_tokens(part[start : match.start()])
                tokens.append({"id": CONTROL[match.group()], "piece": match.group()})
                start = match.end()
            tokens += _bytes_as_tokens(part[start:])
        return tokens

    def _vllm(self, handler, body):
        if handler.path == "/v1/models":
            listed = {"owned_by": "vllm", "root": self.file, "max_model_len": 2048}
            handler.give({"data": [{"id": name, **listed} for name in self.models]})
        elif handler.path == "/tokenize":
            turns = [
                f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n"
                for each in body.get("messages", ())
            ]
            prompt = "".join((*turns, "<|im_start|>assistant\n")) if turns else body["prompt"]
            tokens = self._tokens({"content": prompt, "parse_special": True})
            spelled = {token_id: token for token, token_id in CONTROL.items()}
            strings = [
                spelled.get(each["id"]) or _LETTERS[bytes([each["id"] - _FIRST])] for each in tokens
            ]
            handler.give({"tokens": [each["id"] for each in tokens], "token_strs": strings})
        elif handler.path == "/v1/completions":
            forced = re.match(r'root ::= "(.*)" ', body.get("structured_outputs", _FREE)["grammar"])
            end = {"choices": [{"text": "", "token_ids": [0], "finish_reason": "stop"}]}
            self._stream(handler, (forced[1] if forced else "") + self.answer, _vllm_event, end)
        else:
            handler.give({"error": {"message": "Not Found"}}, 404)

    def _openai(self, handler, body):
        if handler.path == "/v1/models":
            handler.give({"data": [{"id": name} for name in self.models]})
        elif handler.path == "/v1/completions" and "suffix" in body and not self.takes_suffix:
            handler.give({"error": f'"{body["model"]}" does not support insert'}, 400)
        elif body and "logprobs" in body and self.refuses_log_probs:
            handler.give({"error": {"message": "logprobs are not supported"}}, 422)
        elif handler.path == "/v1/completions" and not body.get("stream"):
            suffix = body.get("suffix", "")
            used = 9 + len("" if self.ignores_suffix or self.echoes_suffix else suffix)
            text = "x" + (suffix if self.echoes_suffix else "")
            choice = {"text": text, "finish_reason": "length"}
            handler.give({"choices": [choice], "usage": {"prompt_tokens": used}})
        elif handler.path in {"/v1/completions", "/v1/chat/completions"}:
            is_chat = "messages" in body
            end = {"choices": [{"delta" if is_chat else "text": {} if is_chat else ""}]}
            end["choices"][0]["finish_reason"] = "stop"
            event = self._chat_event if is_chat else self._text_event
            self._stream(handler, self.answer, event, end)
        else:
            handler.give({"error": {"message": "no such path"}}, 404)

    def _text_event(self, text):
        legacy = {"tokens": [text], "token_logprobs": [-0.1]}
        return {"choices": [{"text": text, "logprobs": self.log_probs and legacy}]}

    def _chat_event(self, text):
        found = {"content": [{"token": text, "logprob": -0.1}]}
        return {"choices": [{"delta": {"content": text}, "logprobs": self.log_probs and found}]}

    def _stream(self, handler, text, event, end):
        handler.begin_stream()
        with contextlib.suppress(ConnectionError):
            for number, character in enumerate(text):
                if number == self.holds_after:
                    break
                handler.put(event(character))
            if self.holds_after is not None:
                handler.wait_until_closed()
                return
            handler.put({"content": "", "tokens": [], "stop_type": "eos", **end})
            handler.put("[DONE]")
            handler.put_bytes(b"")


def _llama_event(character):
    ids = ids_of(character)
    probabilities = [{"id": each, "logprob": -0.1} for each in ids]
    return {
        "content": character,
        "tokens": ids,
        "stop": False,
        "completion_probabilities": probabilities,
    }


def _vllm_event(character):
    ids = ids_of(character)
    told = {"token_logprobs": [-0.1] * len(ids)}
    return {"choices": [{"text": character, "token_ids": ids, "logprobs": told}]}


def _bytes_as_tokens(text):
    pieces = [chr(byte) if byte < 128 else [byte] for byte in text.encode()]
    return [{"id": id_, "piece": piece} for id_, piece in zip(ids_of(text), pieces, strict=True)]


@contextlib.contextmanager
def fake_model_server(kind="llama", answer="", port=0):
    server = FakeModelServer(kind, answer, port)
    try:
        yield server
    finally:
        server.close()
