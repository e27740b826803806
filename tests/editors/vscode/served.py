"""The server that a test wants: `served.py FILE VERB...`.

The file holds the arguments of the scripted server, or `null` for the real one. Tests begin with a
new server, so that a window has its own, unless the arguments say that windows share it.
"""

import json
import sys
from pathlib import Path

import scripted_server

from assist_server.cli.connect import run_connect
from assist_server.cli.main import main

if __name__ == "__main__":
    file, verb = sys.argv[1:3]
    script = json.loads(Path(file).read_text(encoding="utf-8"))
    if script is not None and script.pop("is_shared", False):
        run_connect((sys.executable, scripted_server.__file__, json.dumps(script)))
    elif verb == "connect" and script is not None:
        sys.argv = sys.argv[:2]
        scripted_server.main(**script, follows=file)
    else:
        sys.argv = ["assist-server", *sys.argv[2:]]
        main()
