"""The real server process with a scripted model.

Usage: `scripted_server.py SCRIPT`, and for several clients `unix PATH` or `tcp PORT:TOKEN_FILE`.

Everything but the model is the product's own: transport, protocol, documents, handlers, settings,
and a model on a server that the settings name.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from assist_server.cli.logs import configure_logging, shared_log
from assist_server.engine.backend import ModelInfo, NullBackend
from assist_server.engine.loading.model_pool import ModelPool
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import Chunk, FinishReason, GenerationRequest
from assist_server.errors import AssistError, ModelError
from assist_server.lsp.create_server import create_server
from assist_server.lsp.transport import serve_inherited, serve_stdio, serve_tcp, serve_unix
from assist_server.settings import LogSettings


@dataclass
class ScriptedBackend(NullBackend):
    """Answers like a model that takes `step_ms` for each character."""

    step_ms: float = 0
    drawn: Sequence[str] = ()
    """What it writes where tokens are drawn, one after the other and again."""
    n_drawn: int = 0
    follows: Path | None = None
    """A file with what it is to answer from now on; one server serves many tests so."""
    followed: str = ""
    is_chat: bool = False
    """Whether it has a chat format."""
    tells_owner: bool = False
    """Whether it answers whose caches a request may use."""

    @property
    def info(self) -> ModelInfo:
        return replace(super().info, has_chat_template=self.is_chat)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        if self.follows:
            self.follow(self.follows.read_text(encoding="utf-8"))
        if request.sampling.temperature and self.drawn:
            self.n_drawn += 1
            text = self.drawn[(self.n_drawn - 1) % len(self.drawn)]
            yield from NullBackend(answer=text).generate(request)
            return
        if self.tells_owner:
            self.answer = "".join(filter(str.isalnum, request.client)) or "everybody"
        self.requests.clear()  # nobody looks at them here, and a soak must not collect them
        for chunk in super().generate(request):
            time.sleep(self.step_ms / 1000)  # stands for the work of a decoding step
            if request.cancel.is_cancelled:
                yield Chunk("", finish_reason=FinishReason.CANCELLED)
                return
            yield chunk

    def follow(self, text: str) -> None:
        """Answer what a script says; one that was followed before changes nothing."""
        if text != self.followed:
            script = json.loads(text)
            self.answer, self.step_ms = script.get("answer", ""), script.get("step_ms", 0.0)
            self.drawn, self.n_drawn = script.get("drawn", ()), 0
            self.followed = text


def main(
    answer="",
    step_ms=0.0,
    load_error="",
    languages=None,
    *,
    drawn=(),
    loads_when="",
    prints=False,
    follows="",
    tells_owner=False,
    is_chat=False,
    hub=None,
    text_answer="",
    second_needs="",
) -> None:
    configure_logging(LogSettings(level="debug"))
    if hub:
        os.environ |= {"HF_ENDPOINT": hub["url"], "HF_HUB_CACHE": hub["cache"]}
        os.environ.pop("HF_HUB_OFFLINE", None)

    def open_scripted(choice, report):
        if hub:
            # Not before: it reads where the hub is.
            from assist_server.engine.loading.hub import fetch_model  # noqa: PLC0415

            fetch_model(hub["model"], report)
        report("pretending", 50)
        if prints:
            print("a stray print")
            os.write(1, b"from a library\n")
        while loads_when and not Path(loads_when).expanduser().exists():
            time.sleep(0.01)  # until the test says so
        if load_error:
            raise ModelError(load_error)
        if choice.is_second and second_needs and not Path(second_needs).exists():
            raise ModelError("it needs 9.0 GB of memory, and 1.0 GB are free")
        backend = ScriptedBackend(answer=answer, step_ms=step_ms, drawn=drawn, languages=languages)
        backend.follows = Path(follows) if follows else None
        backend.tells_owner, backend.is_chat = tells_owner, is_chat
        if choice.is_second:
            backend.answer, backend.is_chat = text_answer, True
        return backend

    pool = ModelPool(partial(open_on_server_or, open_scripted))
    is_shared = len(sys.argv) > 2
    follow = shared_log(LogSettings()) if is_shared else configure_logging
    try:
        code = asyncio.run(serve(lambda: create_server(pool, None, follow), *sys.argv[2:]))
    except AssistError as error:
        print(error, file=sys.stderr)
        code = 2
    sys.stderr.flush()
    os._exit(code)


def open_on_server_or(open_scripted, choice, report):
    return (open_backend if choice.remote.url else open_scripted)(choice, report)


async def serve(create, kind="stdio", place="", *inherited) -> int:
    if kind == "--unix":  # by `scripted_relay.py`
        return await serve_inherited(create, Path(place), int(inherited[1]))
    if kind == "unix":
        return await serve_unix(create, Path(place))
    if kind == "tcp":
        port, token_file = place.split(":", 1)
        return await serve_tcp(create, "127.0.0.1", int(port), Path(token_file))
    return await serve_stdio(create)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
