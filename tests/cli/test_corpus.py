"""`corpus`: what a training run learns from, built by a verb of its own."""

import json

from archives import debian_source, npm_package
from distributions import install, library_code

RULES = "Files: *\nCopyright: x\nLicense: Expat\n"
SCRIPT = "".join(f"export function add{n}(a) {{\n  return a + {n};\n}}\n\n" for n in range(9))
C_CODE = "".join(f"int add{n}(int a)\n{{\n    return a + {n};\n}}\n\n" for n in range(9))


def packages(folder):
    install(folder, "free", library_code("textwrap", "shlex", "cmd", "calendar"))
    npm_package(folder, "@one/lib", {"src/a.ts": SCRIPT})
    npm_package(folder, "@two/closed", {"a.js": SCRIPT}, licence="GPL-3.0")
    debian_source(folder, "tool", {"src/a.c": C_CODE}, RULES)
    return folder


def test_packages_of_three_indexes_make_one_corpus(run, tmp_path):
    folder, out = packages(tmp_path / "packages"), tmp_path / "corpus"
    result = run("corpus", "--out", out, "--packages", folder)
    assert result.code == 0, result.err
    rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    found = {row["path"]: (row["distribution"], row["licence"]) for row in rows}
    assert found["src/a.ts"] == ("npm:@one/lib", "MIT")
    assert found["src/a.c"] == ("debian:tool", "MIT")
    assert found["shlex.py"] == ("free", "MIT")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["refused_licences"] == {"npm:@two/closed": "GPL-3.0"}
    assert set(summary["languages"]) == {"c", "python", "typescript"}
    assert "python" in result.out


def test_a_corpus_is_not_written_over(run, tmp_path):
    folder, out = packages(tmp_path / "packages"), tmp_path / "corpus"
    assert run("corpus", "--out", out, "--packages", folder).code == 0
    again = run("corpus", "--out", out, "--packages", folder)
    assert (again.code, again.out) == (2, "")
    assert "already contains a corpus; choose another folder" in again.err


def test_a_folder_that_is_not_there_is_named(run, tmp_path):
    result = run("corpus", "--out", tmp_path / "c", "--packages", tmp_path / "nowhere")
    assert result.code == 2
    assert "nowhere" in result.err
