"""`python -m assist_server`: the command line."""

from assist_server.cli.main import main

if __name__ == "__main__":
    main()
