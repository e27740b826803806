"""Real Neovim from Debian's packages, unpacked into a folder; nothing on the system changes.

`neovim_packages.py FOLDER SUITE` prints the path of the program. Without Debian's tools, or without
a mirror, it says why and fails.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_APT_SETTINGS = """\
Dir::State "{apt}/state"; Dir::State::status "{apt}/status"; Dir::Cache "{apt}/cache";
Dir::Etc "{apt}/etc"; Dir::Etc::sourcelist "{apt}/sources"; Dir::Etc::sourceparts "/dev/null";
Acquire::Languages "none"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Check-Valid-Until "false"; Acquire::Retries "3";
APT::Install-Recommends "false"; APT::Sandbox::User "root";
DPkg::Post-Invoke {{}}; APT::Update::Post-Invoke-Success {{}};
"""
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ONLY_FOR_MAINTAINER_SCRIPTS = re.compile(
    r"debconf|cdebconf|perl-base|debianutils|dpkg|tar|coreutils|gcc-\d+-base|libluajit-.*-common"
    r"|login.*|passwd|libpam.*"
)


class NotAvailableError(Exception):
    """This machine cannot get Neovim; the message says why."""


def install(folder: Path, suite: str) -> Path:
    """The program of a suite's package, installed below `folder` unless it is there already.

    Raises:
        NotAvailableError: a tool or the packages cannot be had.
    """
    home = folder / f"nvim-{suite}"
    program = home / "nvim"
    if not program.exists():
        partial = folder / f"nvim-{suite}-partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
        packages = _download(partial, suite)
        _unpack(packages, home)
        _link(home)
        shutil.rmtree(partial)
    return program


def _download(folder: Path, suite: str) -> list[Path]:
    apt = folder / "apt"
    for name in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d"):
        (apt / name).mkdir(parents=True)
    (apt / "status").touch()  # nothing counts as installed, so that every library is fetched
    (apt / "sources").write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {suite} main\n")
    (apt / "settings").write_text(_APT_SETTINGS.format(apt=apt))
    environment = {**os.environ, "APT_CONFIG": str(apt / "settings")}
    _run("apt-get", "-qq", "update", env=environment)
    plan = _run("apt-get", "-qq", "--simulate", "install", "neovim", env=environment)
    names = set(re.findall(r"^Inst ([^ :]+)", plan, re.MULTILINE))
    wanted = sorted(n for n in names if not _ONLY_FOR_MAINTAINER_SCRIPTS.fullmatch(n))
    _run("apt-get", "-qq", "download", *wanted, env=environment, cwd=folder)
    return sorted(folder.glob("*.deb"))


def _mirror() -> str:
    """The mirror of Debian that this machine uses already."""
    folder = Path("/etc/apt")
    sources = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.sources"))]
    for path in filter(Path.is_file, [*sources, *sorted(folder.glob("sources.list.d/*.list"))]):
        pattern = r"^(?:URIs:|deb(?: \[.*?\])?)\s+(\S+/debian)/?(?:\s|$)"
        if found := re.search(pattern, path.read_text(), re.MULTILINE):
            return found[1]
    raise NotAvailableError("this machine has no source of Debian packages")


def _unpack(packages: list[Path], home: Path) -> None:
    (home / "root").mkdir(parents=True)
    for package in packages:
        _run("dpkg-deb", "--extract", str(package), str(home / "root"))


def _link(home: Path) -> None:
    """Run the program with the libraries of its own suite.

    Neovim starts itself again as its own server, so its file must name them; starting it through
    the dynamic loader would help the first process only.
    """
    root = home / "root"
    loader = next(path for path in sorted(root.rglob("ld-linux-*.so.*")) if not path.is_symlink())
    libraries = next(root.rglob("libuv.so.1")).parent
    binary, share = root / "usr/bin/nvim", root / "usr/share/nvim"
    relocation = ("--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries)
    _run(_patchelf(), *map(str, relocation), str(binary))
    script = home / "nvim-unfinished"
    script.write_text(
        f'#!/bin/sh\nVIM="{share}" VIMRUNTIME="{share}/runtime" exec "{binary}" "$@"\n'
    )
    script.chmod(0o755)
    _run(str(script), "--version")
    script.rename(home / "nvim")


def _patchelf() -> str:
    beside = Path(sys.executable).with_name("patchelf")
    return str(beside) if beside.exists() else "patchelf"


def _run(*command: str, **options: object) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    except FileNotFoundError as error:
        raise NotAvailableError(f"{command[0]} is not on this machine") from error
    except subprocess.CalledProcessError as error:
        last_words = error.stderr.strip().splitlines()[-1:]
        raise NotAvailableError(f"{' '.join(command[:3])} failed: {last_words}") from error
    return done.stdout


if __name__ == "__main__":
    try:
        print(install(Path(sys.argv[1]).absolute(), sys.argv[2]))
    except NotAvailableError as error:
        sys.exit(f"no Neovim: {error}")
