"""Summarize a file from Python: `python examples/summarize.py FILE`."""

import sys
from pathlib import Path

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import Settings

settings = Settings(model="embedded")
backend = open_backend(ModelChoice.of(settings))
path = Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
snapshot = Snapshot(path.absolute().as_uri(), path.name, path.read_text(encoding="utf-8"))
print(summarize(Selection(snapshot, 0, len(snapshot.text)), backend, settings).markdown)
backend.close()
