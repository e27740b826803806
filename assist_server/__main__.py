"""`python -m assist_server`, and what the command `assist-server` calls."""

from assist_server.search_path import forget_working_folder


def run() -> None:
    """Run the command line."""
    forget_working_folder()
    from assist_server.cli.main import main  # noqa: PLC0415 - found by the path as it is now

    main()


if __name__ == "__main__":
    run()
