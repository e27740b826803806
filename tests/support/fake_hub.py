"""A hub in this process that holds one model, as `huggingface_hub` asks for it."""

import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer()

    def do_HEAD(self):
        self._answer()

    def log_message(self, *_):
        """Say nothing."""

    def _answer(self):
        server = self.server
        server.asked.append(self.path)
        path = self.path.partition("?")[0]
        if server.status != 200:
            self._send(b"", server.status, {"X-Error-Code": server.error_code})
        elif path.startswith(f"/api/models/{server.name}/tree/"):
            self._send(json.dumps([_entry(file) for file in server.files()]).encode())
        elif path.startswith(f"/api/models/{server.name}"):
            files = [{"rfilename": file.name} for file in server.files()]
            about = {"id": server.name, "sha": COMMIT, "siblings": files}
            self._send(json.dumps(about).encode())
        elif path.startswith(f"/{server.name}/resolve/") and server.failures:
            server.failures -= 1
            self._send(b"", 503)
        elif path.startswith(f"/{server.name}/resolve/"):
            file = server.folder / path.rpartition("/")[2]
            named = {"ETag": f'"{_digest(file)}"', "X-Repo-Commit": COMMIT}
            self._send(file.read_bytes(), headers=named)
        else:
            self._send(b"", 404, {"X-Error-Code": "RepoNotFound"})

    def _send(self, content, status=200, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


def _entry(file):
    size = file.stat().st_size
    return {"type": "file", "path": file.name, "size": size, "oid": _digest(file)}


def _digest(file):
    return hashlib.sha1(file.read_bytes()).hexdigest()  # noqa: S324 - as git names files


class _Hub(ThreadingHTTPServer):
    def __init__(self, name, folder, status, error_code):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.folder, self.status, self.error_code = name, folder, status, error_code
        self.asked = []
        self.failures = 0
        """How often a file is refused before it is given."""
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def files(self):
        return sorted(self.folder.iterdir())


@contextlib.contextmanager
def fake_hub(name, folder, status=200, error_code=""):
    """Serve a folder as a model, or answer everything with an error."""
    hub = _Hub(name, folder, status, error_code)
    thread = threading.Thread(target=hub.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
