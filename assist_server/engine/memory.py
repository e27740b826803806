"""Memory of the process that nothing uses any more."""

import ctypes
import sys


def return_free_memory() -> None:
    """Give back to the system what was freed; only glibc keeps it so long. Takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
