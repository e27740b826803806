"""What holds for all tests."""

import os

from hypothesis import settings

# As the product does before it imports torch: threads that spin for long slow each other down.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

# How long an example takes says more about the machine than about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
