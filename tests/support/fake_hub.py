"""A hub on loopback that holds one model and serves it as the Hugging Face hub does.

Large files lie elsewhere, are redirected to, and given in ranges. A transfer can be cut off, held,
and counted. By hand: `python tests/support/fake_hub.py ORG/NAME FOLDER [CUT_MB...]`, which prints
the value for HF_ENDPOINT and, at the end (Ctrl+C), how many bytes were served.
"""

import contextlib
import hashlib
import json
import signal
import socket
import struct
import sys
import threading
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from huggingface_hub import constants

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PIECE_BYTES = 16 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Weather:
    """What befalls the transfer of large files."""

    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next transfers break off, one for each."""
    is_rough: bool = True
    """Whether a connection is reset when it breaks, rather than closed early."""
    held_after: int | None = None
    """Bytes of a file after which transfers wait for `released`."""
    released: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away in the middle of a file."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer()

    def do_HEAD(self):
        self._answer()

    def log_message(self, *_):
        """Say nothing."""

    def _answer(self):
        server = self.server
        server.asked.append(self.path)
        server.tokens.add(
            (self.path.partition("/")[2].partition("/")[0], self.headers.get("Authorization"))
        )
        path = self.path.partition("?")[0]
        api, files = f"/api/models/{server.name}", f"/{server.name}/resolve/"
        refusal = server.files_status if path.startswith(files) else server.status
        if refusal != 200:
            self._send(b"", refusal, {"X-Error-Code": server.error_code})
        elif path.startswith((api, files)) and not server.knows(path):
            self._send(b"", 404, {"X-Error-Code": "RevisionNotFound"})
        elif path.startswith(f"{api}/tree/"):
            self._send(json.dumps([_entry(file) for file in server.files()]).encode())
        elif path.startswith(api):
            self._send(json.dumps(server.about()).encode())
        elif path.startswith(files) and server.failures:
            server.failures -= 1
            self._send(b"", 503)
        elif path.startswith(files):
            self._resolve(server.folder / path.rpartition("/")[2])
        elif path.startswith("/lfs/"):
            self._send_large(server.folder / path.rpartition("/")[2])
        else:
            self._send(b"", 404, {"X-Error-Code": "RepoNotFound"})

    def _resolve(self, file):
        headers = {"ETag": f'"{_git_digest(file)}"', "X-Repo-Commit": COMMIT}
        if not _is_large(file):
            self._send(file.read_bytes(), headers=headers)
            return
        headers["X-Linked-Etag"], headers["X-Linked-Size"] = f'"{_sha256(file)}"', _size(file)
        # Another host, as the client follows redirects to the same one by itself.
        headers["Location"] = f"http://localhost:{self.server.server_address[1]}/lfs/{file.name}"
        if self.server.has_xet:
            headers["X-Xet-Hash"] = "0" * 64
            headers["X-Xet-Refresh-Route"] = f"{self.server.url}/no/such/xet"
        self._send(b"", 302, headers)

    def _send_large(self, file):
        content, weather = file.read_bytes(), self.server.weather
        given = self.headers.get("Range")
        start = int(given.removeprefix("bytes=").partition("-")[0]) if given else 0
        self.server.starts.append(start)
        self.send_response(206 if given else 200)
        if given:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = weather.cuts.pop(0) if weather.cuts else None
        try:
            self._send_pieces(memoryview(content), start, cut)
        except OSError:
            weather.hung_up.set()
            self.close_connection = True

    def _send_pieces(self, content, start, cut):
        weather, position = self.server.weather, start
        while position < len(content):
            if weather.held_after is not None and position >= weather.held_after:
                weather.released.wait()
            piece = content[position : position + _PIECE_BYTES]
            self.wfile.write(piece)
            position += len(piece)
            self.server.served_bytes += len(piece)
            if cut is not None and position - start >= cut:
                self._break_off()
                return

    def _break_off(self):
        if self.server.weather.is_rough:
            linger = (socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.connection.setsockopt(*linger)
        self.close_connection = True

    def _send(self, content, status=200, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


def _is_large(file):
    return file.suffix in {".safetensors", ".gguf"}


def _size(file):
    return file.stat().st_size


def _entry(file):
    entry = {"type": "file", "path": file.name, "size": _size(file), "oid": _git_digest(file)}
    return entry | ({"lfs": _lfs(file, "oid")} if _is_large(file) else {})


def _sibling(file):
    entry = {"rfilename": file.name, "size": _size(file), "blobId": _git_digest(file)}
    return entry | ({"lfs": _lfs(file, "sha256")} if _is_large(file) else {})


def _lfs(file, name):
    return {name: _sha256(file), "size": _size(file), "pointerSize": 134}


@cache
def _sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _git_digest(file):
    content = file.read_bytes() if not _is_large(file) else _sha256(file).encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git's


class _Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name, folder, status, error_code):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.folder, self.status, self.error_code = name, folder, status, error_code
        self.files_status = status
        """Of files; a gated model shows everything else."""
        self.revisions = {"main", COMMIT}
        self.has_xet = False
        """Whether large files are offered by the hub's newer protocol, too."""
        self.asked = []
        self.tokens = set()
        """First parts of paths, and the `Authorization` that came with them."""
        self.failures = 0
        """How often a file is refused before it is given."""
        self.weather = Weather()
        self.served_bytes = 0
        """Of large files, whether they arrived or not."""
        self.starts = []
        """The first byte of each transfer of a large file."""
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.about()  # digests of large files take longer than clients wait

    def script(self, cache):
        """What the scripted server has to know to download the model first."""
        return {"url": self.url, "model": self.name, "cache": str(cache)}

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away."""

    def files(self):
        return sorted(self.folder.iterdir())

    def knows(self, path):
        _, found, rest = path.partition(f"{self.name}/")
        if not found or rest == "":
            return True
        kind, _, rest = rest.partition("/")
        revision = rest.partition("/")[0]
        return kind not in {"revision", "resolve", "tree"} or revision in self.revisions

    def about(self):
        return {
            "id": self.name,
            "sha": COMMIT,
            "siblings": [_sibling(file) for file in self.files()],
            "cardData": {"license": "apache-2.0"},
            "tags": ["license:apache-2.0"],
        }


@contextlib.contextmanager
def fake_hub(name, folder, status=200, error_code=""):
    """Serve a folder as a model, or answer everything with an error."""
    hub = _Hub(name, folder, status, error_code)
    thread = threading.Thread(target=hub.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        hub.weather.released.set()
        hub.shutdown()
        thread.join()
        hub.server_close()


def stand_in(folder):
    """Write files like those of a model, with weights that no socket's buffer holds."""
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(bytes(16_000_000))
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    return folder


def use_hub(monkeypatch, url, cache=None):
    """Let the client in this process ask a hub, and keep files in a folder."""
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    if cache is not None:
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))


if __name__ == "__main__":
    with fake_hub(sys.argv[1], Path(sys.argv[2])) as by_hand:
        by_hand.weather.cuts = [int(cut) * 1_000_000 for cut in sys.argv[3:]]
        print(f"HF_ENDPOINT={by_hand.url}", flush=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, too
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        print(f"{by_hand.served_bytes / 1e6:.1f} MB were served")
