"""Noticing the death of the editor that started the server."""

import asyncio
import contextlib
import os
from collections.abc import Callable

_POLL_SECONDS = 1.0


def watch_process(process_id: int, on_end: Callable[[], None]) -> None:
    """Call `on_end`, on the running loop, once a process has ended.

    A process that cannot be seen is not watched: the editor may live in another container.
    """
    loop = asyncio.get_running_loop()
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(process_id)

            def ended() -> None:
                loop.remove_reader(descriptor)
                os.close(descriptor)
                on_end()

            loop.add_reader(descriptor, ended)
        return
    if os.name == "posix" and _is_alive(process_id):
        loop.call_later(_POLL_SECONDS, _poll, loop, process_id, on_end)


def _poll(loop: asyncio.AbstractEventLoop, process_id: int, on_end: Callable[[], None]) -> None:
    if _is_alive(process_id):
        loop.call_later(_POLL_SECONDS, _poll, loop, process_id, on_end)
    else:
        on_end()


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
