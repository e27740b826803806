"""Installed distributions made up for tests: a folder as `pip install --target` leaves it."""

import sysconfig
from pathlib import Path

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


def install(folder, name, files, *, licence="MIT", fields=""):
    """Write the files of a distribution and its metadata; `files` is text by path."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    expression = f"License-Expression: {licence}\n" if licence else ""
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{expression}{fields}"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    record = "".join(f"{path},,\n" for path in (*files, f"{info.name}/METADATA"))
    (info / "RECORD").write_text(record, encoding="utf-8")
    return folder


def library_code(*names):
    """Source text of modules of the standard library, by path."""
    return {
        f"{name}.py": (STANDARD_LIBRARY / f"{name}.py").read_text(encoding="utf-8")
        for name in names
    }
