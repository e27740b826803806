"""`python -m assist_server`: the command line."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # The working directory, which `-m` puts first, is a project in an editor: its `torch.py` or
        # `types.py` must not be run for a library's.
        del sys.path[0]

    from assist_server.cli.main import main

    main()
