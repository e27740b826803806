"""What holds for all tests."""

import os

# As the product does before it imports torch: threads that spin for long slow each other down.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
