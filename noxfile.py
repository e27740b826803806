"""Common jobs, each in its own environment: `nox --list`, `nox -s tests`."""

import nox

nox.options.sessions = ["lint", "tests"]
PYTHON = "3.11"


def install(session: nox.Session, extra: str) -> None:
    """Install the project with the pinned versions of `constraints.txt`."""
    session.install("-c", "constraints.txt", "-e", f".[{extra}]")


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """Run the quick test tier, or another one: `nox -s tests -- -m process`."""
    install(session, "test")
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """Check format, style, types, imports and generated pages."""
    install(session, "dev")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports")
    session.run("python", "docs/generate.py", "--check")
    session.run("python", "docs/generate_vimdoc.py", "--check")


@nox.session(python=PYTHON)
def pages(session: nox.Session) -> None:
    """Generate the pages from the settings."""
    install(session, "dev")
    session.run("python", "docs/generate.py")
    session.run("python", "docs/generate_vimdoc.py")


@nox.session(python=PYTHON)
def bench(session: nox.Session) -> None:
    """Measure how fast the server answers: `nox -s bench -- --quick`."""
    install(session, "bench")
    session.run("assist-server", "bench", *session.posargs)
