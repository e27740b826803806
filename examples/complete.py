"""Complete a line from Python: `python examples/complete.py`."""

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.features.inline_completion import complete
from assist_server.settings import Settings

TEXT = "import json\n\n\ndef load(path):\n    with open(path) as file:\n        return "

settings = Settings(model="embedded")  # or a folder, or a hub id
backend = open_backend(ModelChoice.of(settings))
completion = complete(CursorContext(Snapshot("", "a.py", TEXT), len(TEXT)), backend, settings)
print(completion.text or f"nothing: {completion.outcome}")
backend.close()
