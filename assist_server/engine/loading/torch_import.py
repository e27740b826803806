"""Importing torch on a thread without making the other threads wait.

An import holds the interpreter while a shared library is opened and initialised (a quarter of a
second for torch) and while the garbage collector walks the objects that the import made (a tenth
of a second, several times). Both are avoidable.
"""

import contextlib
import ctypes
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_SWITCH_INTERVAL_S = 0.0002
_SPIN_COUNT = 5000
"""Turns of an empty loop, some microseconds: longer than the gap between two operators."""
_TORCH_LIBRARIES = ("libtorch_cpu.so", "libtorch.so", "libtorch_python.so")


def let_waiting_threads_sleep() -> None:
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
def quiet_loading() -> Iterator[None]:
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
