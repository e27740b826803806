"""The server that a test wants: `served.py FILE VERB...`.

The file holds the arguments of the scripted server, or `null` for the real one.
"""

import json
import sys
from pathlib import Path

import scripted_server

from assist_server.cli.main import main

if __name__ == "__main__":
    file, verb = sys.argv[1:3]
    script = json.loads(Path(file).read_text(encoding="utf-8"))
    if verb == "serve" and script is not None:
        sys.argv = sys.argv[:2]
        scripted_server.main(**script, follows=file)
    else:
        sys.argv = ["assist-server", *sys.argv[2:]]
        main()
