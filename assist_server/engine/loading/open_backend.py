"""Opening the backend that the settings choose, without making other threads wait.

An import holds the interpreter lock while a shared library is opened and initialised (a quarter of
a second for torch) and while the garbage collector walks the new objects (a tenth of a second,
several times). Both are avoidable.
"""

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

from assist_server.engine.backend import (
    Backend,
    ModelChoice,
    ProgressCallback,
    host_of,
    ignore_progress,
)
from assist_server.engine.device import return_free_memory
from assist_server.engine.loading.locate import locate_model
from assist_server.errors import ModelError

_log = logging.getLogger(__name__)


_SWITCH_INTERVAL_S = 0.0002
_SPIN_COUNT = 5000
"""Iterations of an empty loop, some microseconds: longer than the gap between two operators."""
_TORCH_LIBRARIES = ("libtorch_cpu.so", "libtorch.so", "libtorch_python.so")


def open_backend(choice: ModelChoice, report: ProgressCallback = ignore_progress) -> Backend:
    """Load the model of the setting `model`, or connect to the server of `remote.url`.

    Loading takes seconds, in which other threads can run most of the time. `report` is called with
    the progress, on another thread.

    Raises:
        ModelError: the model cannot be loaded; a ModelServerError if the server of `remote.url` may
            have it later.
    """
    if choice.remote.url:
        return _open_remote(choice, report)
    source = locate_model(choice.model)
    return _on_temporary_thread(lambda: _load(source, choice, report))


def _open_remote(choice: ModelChoice, report: ProgressCallback) -> Backend:
    report(f"connecting to {host_of(choice.remote.url)}", 0)
    with low_latency_loading():
        # Imported here: most users need no HTTP client.
        from assist_server.engine.remote.remote_backend import RemoteBackend  # noqa: PLC0415
    return RemoteBackend.open(choice.remote)


def _on_temporary_thread(load: Callable[[], Backend]) -> Backend:
    """Load on a thread that ends after loading.

    OpenMP keeps a team of workers for each living thread that has computed. A loading thread that
    lived on next to the model's thread would make more workers than processors; workers then sleep
    between operators, and a decoding step takes twice as long.
    """
    loaded: Future[Backend] = Future()

    def work() -> None:
        try:
            backend = load()
        except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
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
        loaded = Future()  # avoids a reference cycle: an error's traceback holds this frame


def _without_frames(error: BaseException) -> BaseException:
    """Return an error without its traceback, whose frames hold what was loaded so far."""
    error.__cause__ = error.__context__ = error.__traceback__ = None
    return error


def _load(source: str, choice: ModelChoice, report: ProgressCallback) -> Backend:
    if not Path(source).exists():
        # Before torch, which takes seconds: a missing network is reported at once.
        with low_latency_loading():
            from assist_server.engine.loading.hub import fetch_model  # noqa: PLC0415
        # A download takes minutes, for which the garbage collector cannot be off.
        source = str(fetch_model(source, report))
    with low_latency_loading():
        report("starting torch", 0)
        limit_thread_spinning()
        _preload_torch_libraries()
        # Imported here, on the loading thread: the server must answer before torch is imported.
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
    """Limit how long torch's waiting threads spin; must be called before torch is imported.

    By default they spin for long, which makes decoding many times slower while a compiler or
    another model uses the processor. Without spinning, a small operator would take three times as
    long, as waking up takes longer than its work. A value set in the environment is kept.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(_SPIN_COUNT))


def _preload_torch_libraries() -> None:
    """Open torch's shared libraries without holding the interpreter lock, before `import torch`.

    `ctypes` releases the lock around a foreign call such as `dlopen`; an import does not. This is
    for Linux only; elsewhere, or if a library is missing, the import opens them.
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
    """Keep other threads responsive while this one creates many permanent objects.

    The garbage collector is off, and the objects that exist at the end are frozen, which also saves
    each later full collection a pause of a tenth of a second. The interpreter switches threads
    twenty-five times as often as usual, as the server's loop waits for a switch in each iteration.
    """
    _loading_mode.enter()
    try:
        yield
        gc.freeze()
    finally:
        _loading_mode.leave()


class _LoadingMode:
    """The interpreter's settings during loading, shared by concurrent loads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loads = 0
        self._usual = (True, 0.0)

    def enter(self) -> None:
        """Apply the settings if this is the first load."""
        with self._lock:
            self._loads += 1
            if self._loads == 1:
                self._usual = (gc.isenabled(), sys.getswitchinterval())
                gc.disable()
                sys.setswitchinterval(_SWITCH_INTERVAL_S)

    def leave(self) -> None:
        """Restore the usual settings if this was the last load."""
        with self._lock:
            self._loads -= 1
            if self._loads == 0:
                was_enabled, interval_s = self._usual
                sys.setswitchinterval(interval_s)
                if was_enabled:
                    gc.enable()


_loading_mode = _LoadingMode()
