"""Tiers, threads, and how many examples a property is tried with: for all tests.

`pytest` alone runs the quick tier. The others are asked for by their markers, of which a folder has
one: `-m slow`, `-m process`, `-m editor`, `-m gpu`, `-m real_model`.
"""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

TIER_OF_FOLDER = {
    "benchmarks": "process",
    "cli": "process",
    "editors": "editor",
    "equivalence": "slow",
    "gpu": "gpu",
    "lsp": "process",
    "real_model": "real_model",
}

# As many tests run at once as there are processors. What a test starts has the environment, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# As the product does before it imports torch: threads that spin for long slow each other down.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

# What a shell starts in the background ignores the interrupt key, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
settings.register_profile("quick", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=40)
settings.load_profile("quick")


TESTS = Path(__file__).parent
QUICK_TIER = "not (slow or process or editor or gpu or real_model)"


def pytest_ignore_collect(collection_path, config):
    """Leave out the folders of other tiers where all of the quick one runs: imports take time."""
    is_whole = config.option.markexpr == QUICK_TIER and config.args == config.getini("testpaths")
    is_of_other_tier = collection_path in {TESTS / name for name in TIER_OF_FOLDER}
    return True if is_whole and is_of_other_tier else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what is not quick by its folder, and properties, which deserve more examples."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in TIER_OF_FOLDER:
            item.add_marker(TIER_OF_FOLDER[folder])
        if getattr(item.obj, "is_hypothesis_test", False):
            item.add_marker("properties")
