from assist_server.context.source_files import source_files

FILES = [
    "a.py", ".hidden.py", "lib.min.js", "build/x.py", "src/b.py", "src/kept/c.log", "src/d.log",
    "node_modules/m.js", "env/pyvenv.cfg", "env/e.py", ".git/hooks/h.py",
]  # fmt: skip


def test_ignored_generated_and_foreign_files_are_left_out(tmp_path):
    for name in FILES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (tmp_path / ".gitignore").write_text("/build/\n*.log\n")
    (tmp_path / "src/.gitignore").write_text("!kept/*.log\n")
    (tmp_path / "large.py").write_text("#" * 1_000_001)
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")
    found = [file.relative_to(tmp_path).as_posix() for file in source_files(tmp_path)]
    assert found == ["a.py", "src/b.py", "src/kept/c.log"]
    below = [file.name for file in source_files(tmp_path / "src")]
    assert below == ["b.py", "c.log"]


def test_an_empty_or_missing_folder_has_none(tmp_path):
    assert list(source_files(tmp_path)) == list(source_files(tmp_path / "missing")) == []
