"""From the setting `model` to a loaded backend."""

import contextlib
import ctypes
import gc
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

from assist_server.engine.backend import Backend, ModelChoice, ProgressCallback, ignore_progress
from assist_server.engine.device import return_free_memory
from assist_server.engine.loading.locate import locate_model
from assist_server.errors import ModelError

_log = logging.getLogger(__name__)


_SWITCH_INTERVAL_S = 0.0002
_SPIN_COUNT = 5000
"""Turns of an empty loop, some microseconds: longer than the gap between two operators."""
_TORCH_LIBRARIES = ("libtorch_cpu.so", "libtorch.so", "libtorch_python.so")


def open_backend(choice: ModelChoice, report: ProgressCallback = ignore_progress) -> Backend:
    """Load what the setting `model` names: `embedded`, a folder, or a hub id.

    Takes seconds, of which the interpreter is mostly free for other threads. `report` is told what
    is being done, on another thread.

    Raises:
        ModelError: nothing loadable is there.
    """
    source = locate_model(choice.model)
    return _on_temporary_thread(lambda: _load(source, choice, report))


def _on_temporary_thread(load: Callable[[], Backend]) -> Backend:
    """Load on a thread that ends with it.

    OpenMP keeps a team of helpers for each thread that has computed, for as long as that thread
    lives. Were the loading one to live on beside the model's own, there would be more helpers than
    processors; they sleep between any two operators then, and a decoding step takes twice as long.
    """
    loaded: Future[Backend] = Future()

    def work() -> None:
        try:
            backend = load()
        except BaseException as error:  # noqa: BLE001 - it is raised where the model is waited for
            if not isinstance(error, ModelError):
                _log.exception("loading failed")
            loaded.set_exception(_without_frames(error))
        else:
            loaded.set_result(backend)
        return_free_memory()

    threading.Thread(target=work, name="assist-opening", daemon=True).start()
    try:
        return loaded.result()
    finally:
        loaded = Future()  # an error's traceback holds this frame: no circle


def _without_frames(error: BaseException) -> BaseException:
    """An error that holds no traceback: its frames would hold what was loaded so far."""
    error.__cause__ = error.__context__ = error.__traceback__ = None
    return error


def _load(source: str, choice: ModelChoice, report: ProgressCallback) -> Backend:
    with low_latency_loading():
        if not Path(source).is_dir():
            # Before torch, which takes seconds: where there is no network, it is said at once.
            from assist_server.engine.loading.hub import fetch_model  # noqa: PLC0415

            source = str(fetch_model(source, report))
        report("starting torch", 0)
        limit_thread_spinning()
        preload_torch_libraries()
        # Imported here, on the loading thread: the server must answer long before torch is there.
        try:
            from assist_server.engine.transformers_backend import (  # noqa: PLC0415
                TransformersBackend,
            )
        except (ImportError, OSError) as error:
            raise ModelError(
                f"torch cannot be imported ({error}); install assist-server again"
            ) from error
        return TransformersBackend.load(source, choice, report)


def limit_thread_spinning() -> None:
    """Have torch's threads sleep soon while they wait; to be called before torch is imported.

    By default they spin for long, which makes decoding many times slower while a compiler or
    another model uses the processor. Sleeping at once would triple the time of a small operator,
    as waking up takes longer than its work. A user's own choice in the environment stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(_SPIN_COUNT))


def preload_torch_libraries() -> None:
    """Open torch's libraries with the interpreter unlocked; `import torch` finds them open.

    `ctypes` unlocks the interpreter around a foreign call, and `dlopen` is one; an import does not.
    Only for Linux; elsewhere, and where a library is missing, the import does the work itself.
    """
    spec = importlib.util.find_spec("torch")
    if sys.platform != "linux" or "torch" in sys.modules or spec is None or spec.origin is None:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    for name in _TORCH_LIBRARIES:
        path = Path(spec.origin).parent / "lib" / name
        if path.exists():
            dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_GLOBAL)


@contextlib.contextmanager
def low_latency_loading() -> Iterator[None]:
    """Let other threads run soon and often while this one makes very many lasting objects.

    The garbage collector is kept away; what exists at the end is declared permanent, which also
    spares every later full collection a pause of a tenth of a second. The interpreter changes
    threads twenty-five times as often as usual: each turn of the server's loop asks for it anew.
    """
    _quiet.enter()
    try:
        yield
        gc.freeze()
    finally:
        _quiet.leave()


class _Quiet:
    """The state of the interpreter while something loads, and what it was before.

    It belongs to the interpreter, as this object does: loads that overlap share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loads = 0
        self._usual = (True, 0.0)

    def enter(self) -> None:
        """One more thing loads."""
        with self._lock:
            self._loads += 1
            if self._loads == 1:
                self._usual = (gc.isenabled(), sys.getswitchinterval())
                gc.disable()
                sys.setswitchinterval(_SWITCH_INTERVAL_S)

    def leave(self) -> None:
        """One thing has loaded, or failed."""
        with self._lock:
            self._loads -= 1
            if self._loads == 0:
                was_enabled, interval_s = self._usual
                sys.setswitchinterval(interval_s)
                if was_enabled:
                    gc.enable()


_quiet = _Quiet()
