import pytest
from archives import npm_package

from assist_server.training.data.npm import npm_documents, npm_licence

CODE = "export function add(a, b) {\n  return a + b;\n}\n"
COMPILED = 'Object.defineProperty(exports, "__esModule", { value: true });\n' + CODE


def paths(archive, kind="code"):
    return [one.origin.path for one in npm_documents(archive, {}) if one.origin.kind == kind]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["src/a.ts", "dist/a.js", "dist/a.d.ts"], ["src/a.ts"]),
        (["lib/a.js", "index.js"], ["index.js", "lib/a.js"]),
        (["lib/a.js", "src/a.ts"], ["src/a.ts"]),
        (["src/a.js", "esm/a.js", "cjs/a.js", "umd/x.js", "_esm/b.js"], ["src/a.js"]),
        (["a.min.js", "a.js"], ["a.js"]),
        (["lib/a.js", "lib/a.d.ts", "lib/b.js"], ["lib/b.js"]),
        (["src/a.ts", "src/a.js"], ["src/a.ts"]),
        (["index.js", "index.d.ts"], ["index.js"]),
        (["docs/a.md", "conf.yaml", "a.py", "a.c", "x.toml"], ["conf.yaml", "docs/a.md", "x.toml"]),
    ],
)  # fmt: skip
def test_sources_are_taken_and_what_is_made_of_them_is_not(tmp_path, files, expected):
    archive = npm_package(tmp_path, "lib", dict.fromkeys(files, CODE))
    found = [path for path in paths(archive) if path != "package.json"]
    assert [path for path in found if not path.endswith(".d.ts")] == expected


@pytest.mark.parametrize("mark", [COMPILED, CODE + "//# sourceMappingURL=a.js.map\n"])
def test_compiled_code_is_told_by_its_text_too(tmp_path, mark):
    archive = npm_package(tmp_path, "lib", {"a.js": mark, "b.js": CODE})
    assert paths(archive) == ["b.js", "package.json"]


def test_declaration_files_are_thinned(tmp_path):
    files = {f"types/t{n}.d.ts": f"export declare const name{n}: number;\n" for n in range(240)}
    kept = paths(npm_package(tmp_path, "lib", files))
    assert 5 < len(kept) - 1 < 50


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"license": "MIT"}, "MIT"),
        ({"license": {"type": "ISC", "url": "x"}}, "ISC"),
        ({"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]}, "MIT OR Apache-2.0"),
        ({}, ""),
        ({"license": "SEE LICENSE IN x"}, "SEE LICENSE IN x"),
    ],
)
def test_the_licence_is_read_in_all_its_spellings(stated, expected):
    assert npm_licence(stated) == expected


@pytest.mark.parametrize("licence", ["GPL-3.0", "SEE LICENSE IN x", "", "UNLICENSED"])
def test_what_is_not_permissive_is_refused_by_name(tmp_path, licence):
    refused = {}
    archive = npm_package(tmp_path, "@a/closed", {"a.js": CODE}, licence=licence)
    assert not list(npm_documents(archive, refused))
    assert refused == {"npm:@a/closed": licence or "unknown"}


def test_each_file_says_where_it_is_from(tmp_path):
    archive = npm_package(tmp_path, "@a/lib", {"src/a.ts": CODE})
    (one,) = (d for d in npm_documents(archive, {}) if d.origin.path == "src/a.ts")
    assert (one.origin.distribution, one.origin.version) == ("npm:@a/lib", "1.0.0")
    assert one.origin.licence == "MIT"
    assert one.text == CODE


def test_a_description_and_a_readme_are_a_pair(tmp_path):
    archive = npm_package(tmp_path, "lib", {"README.md": "Words. " * 40}, description="Adds words.")
    assert paths(archive, "pair") == ["summaries/README.md"]


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_a_damaged_archive_is_passed_over(tmp_path, content):
    refused = {}
    (tmp_path / "x-1.0.tgz").write_bytes(content)
    assert not list(npm_documents(tmp_path / "x-1.0.tgz", refused))
    assert refused == {"x-1.0.tgz": "unknown"}
