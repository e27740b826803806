"""A relay to a shared server with a scripted model: `scripted_relay.py SCRIPT`."""

import sys
from pathlib import Path

from assist_server.cli.connect import run_connect

SCRIPTED_SERVER = Path(__file__).with_name("scripted_server.py")

if __name__ == "__main__":
    run_connect((sys.executable, str(SCRIPTED_SERVER.absolute()), sys.argv[1]))
