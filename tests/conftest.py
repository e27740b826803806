"""What holds for all tests."""

import os

# As the product does before it imports torch: threads that spin slow each other down.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
