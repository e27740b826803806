"""Detection of the end of the editor that started the server."""

import asyncio
import contextlib
import os
from collections.abc import Callable

_POLL_S = 1.0


def watch_process(process_id: int, on_end: Callable[[], None]) -> Callable[[], object]:
    """Call `on_end`, on the running loop, when a process has ended.

    A process that is not visible is not watched: the editor may run in another container.

    Returns:
        A function that ends the watch; calling it again does nothing.
    """
    if hasattr(os, "pidfd_open"):
        return _watch_descriptor(process_id, on_end)
    if os.name == "posix" and _is_alive(process_id):
        return asyncio.ensure_future(_poll(process_id, on_end)).cancel
    return lambda: None


def _watch_descriptor(process_id: int, on_end: Callable[[], None]) -> Callable[[], object]:
    loop = asyncio.get_running_loop()
    watch = contextlib.ExitStack()

    def ended() -> None:
        watch.close()
        on_end()

    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(process_id)
        watch.callback(os.close, descriptor)
        loop.add_reader(descriptor, ended)
        watch.callback(loop.remove_reader, descriptor)
    return watch.close


async def _poll(process_id: int, on_end: Callable[[], None]) -> None:
    while _is_alive(process_id):  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(_POLL_S)
    on_end()


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
