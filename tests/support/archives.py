"""Source archives made up for tests: as `npm pack` and `apt-get source` leave them."""

import io
import json
import tarfile


def pack(archive, files):
    """Write a tar archive; `files` is text by path."""
    with tarfile.open(archive, "w:" + archive.suffix.removeprefix(".").replace("tgz", "gz")) as tar:
        for path, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive


def npm_package(folder, name, files, *, licence="MIT", **fields):
    """Write the tarball of an npm package; `files` is text by path below its top folder."""
    folder.mkdir(parents=True, exist_ok=True)
    package = {"name": name, "version": "1.0.0", "license": licence, **fields}
    inner = {"package.json": json.dumps(package), **files}
    archive = folder / (name.strip("@").replace("/", "-") + "-1.0.0.tgz")
    return pack(archive, {f"package/{path}": text for path, text in inner.items()})


def debian_source(folder, name, files, rules):
    """Write a source package; `rules` is the text of a DEP-5 file after its first paragraph."""
    folder.mkdir(parents=True, exist_ok=True)
    top = f"{name}-1.0"
    pack(
        folder / f"{name}_1.0.orig.tar.gz", {f"{top}/{path}": text for path, text in files.items()}
    )
    form = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
    packaging = {"debian/copyright": form + rules, "debian/control": "Source: x\n"}
    pack(folder / f"{name}_1.0-1.debian.tar.xz", packaging)
    digest = "0" * 64
    listed = "".join(
        f" {digest} 1 {name}_1.0{end}\n" for end in (".orig.tar.gz", "-1.debian.tar.xz")
    )
    description = folder / f"{name}_1.0-1.dsc"
    description.write_text(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nFormat: 3.0 (quilt)\n"
        f"Source: {name}\nVersion: 1.0-1\nChecksums-Sha256:\n{listed}Files:\n x\n"
    )
    return description
