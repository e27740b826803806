"""Facts about the machine that figures depend on."""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assist_server import __version__
from assist_server.search_path import PYTHON, child_environment

_ASK_TORCH = "import torch; print(torch.get_num_threads())"
_BUSY_LOAD = 0.7
BUSY = "other programs keep this machine busy"

_PACKAGES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True)
class Machine:
    """Hardware and software of a measurement."""

    processor: str
    cpus: int | None
    usable_cpus: int | None
    """Processors of the machine that this process may use."""
    load_before: float | None
    """Mean number of running processes in the minute before."""
    system: str
    python: str
    assist_server: str
    packages: dict[str, str | None]
    torch_threads: int | None
    """Torch's default in this environment."""
    omp_num_threads: str | None
    """The environment variable that limits it."""

    @property
    def is_busy(self) -> bool:
        """Return whether other programs were using so much time that figures are unreliable."""
        return self.load_before is not None and self.load_before > _BUSY_LOAD


def describe_machine() -> Machine:
    """Query the system, and torch in a subprocess."""
    return Machine(
        processor=_processor(),
        cpus=os.cpu_count(),
        usable_cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        load_before=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        system=platform.platform(),
        python=platform.python_version(),
        assist_server=__version__,
        packages={name: _version(name) for name in _PACKAGES},
        torch_threads=_torch_threads(),
        omp_num_threads=os.environ.get("OMP_NUM_THREADS"),
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch_threads() -> int | None:
    done = subprocess.run(  # noqa: S603 - this interpreter, a constant program
        [*PYTHON, "-c", _ASK_TORCH],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return int(done.stdout) if done.stdout.strip().isdigit() else None
