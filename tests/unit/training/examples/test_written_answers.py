"""Answers that people wrote: what is taken as an answer, and about which text."""

import pytest

from assist_server.training.data.documents import Document, document_of
from assist_server.training.examples.written_answers import written_answers

PYTHON = '''def read_rows(path, limit=100):
    """Return at most `limit` rows of the file.

    Rows are separated by line ends.
    """
    rows = []
    for line in path.open():
        rows.append(line.split(","))
    return rows[:limit]
'''
JAVASCRIPT = """/**
 * Return the rows of a file that
 * begin with a number.
 * @param {string} path The file.
 */
function readRows(path) {
  const rows = [];
  for (const line of lines(path)) {
    rows.push(line.split(","));
  }
  return rows;
}
"""
METHOD = '''class Table:
    def count(self):
        """Count the rows of this table that have no name yet.

        Returns:
            A number.
        """
        found = [row for row in self.rows if not row.name]
        return len(found)
'''


def document(path: str, text: str, kind: str = "code", distribution: str = "dulwich") -> Document:
    made = document_of(distribution, "1", "MIT", path, text.encode(), kind)  # type: ignore[arg-type]
    assert made is not None
    return made


def only_answer(text: str, path: str, kind: str = "code"):
    (found,) = written_answers([document(path, text, kind)], 0)
    return found


@pytest.mark.parametrize(
    ("path", "text", "answer"),
    [
        ("a.py", PYTHON, "Return at most `limit` rows of the file."),
        ("a.js", JAVASCRIPT, "Return the rows of a file that begin with a number."),
        ("b.py", METHOD, "Count the rows of this table that have no name yet."),
    ],
)
def test_the_first_paragraph_of_documentation_answers_for_its_code(path, text, answer):
    found = only_answer(text, path)
    assert found.answer == answer
    assert answer[:20] not in found.request
    assert '"""' not in found.request
    assert "return" in found.request


@pytest.mark.parametrize(
    ("path", "documentation"),
    [
        ("a.py", '"""Read the rows of a file and count them."""\n'),
        ("a.py", '"""\nRead the rows of a file and count them.\n\nMore.\n"""\n'),
        ("a.js", "/**\n * Read the rows of a file and count them.\n */\n"),
        ("a.go", "// Read the rows of a file and count them.\n"),
    ],
)
def test_a_file_is_asked_about_without_its_documentation(path, documentation, monkeypatch):
    monkeypatch.setattr("assist_server.training.examples.written_answers._OF_FILE", 1.0)
    code = {
        "a.py": "import csv\n\nROWS = [*csv.reader(open(FILE))]\nCOUNT = len(ROWS)\n",
        "a.js": "\nimport csv from 'csv';\nconst rows = csv.read(file);\ncount(rows);\n",
        "a.go": "\npackage rows\n\nvar file = 1\n\nvar count = file\n",
    }[path]
    found = only_answer(documentation + code, path)
    assert found.answer == "Read the rows of a file and count them."
    assert found.request.endswith("\n\n" + code)
    assert "Read the rows" not in found.request


def test_code_is_asked_about_without_its_indentation():
    code = only_answer(METHOD, "b.py").request.partition("\n\n")[2]
    assert code.startswith("def count(self):\n    found = ")


def test_the_short_text_of_a_pair_answers_for_the_long_one():
    pair = "reads tables from files of all kinds\n\n" + "It reads tables, from many files. " * 9
    found = only_answer(pair, "summaries/README.md", "pair")
    assert found.answer == "Reads tables from files of all kinds."
    assert found.request.endswith("It reads tables, from many files.")


@pytest.mark.parametrize(
    "documentation",
    [
        "See https://a.example for all of the rows of the file.",
        "Rows.",
        "Return the rows of the file like Pandas does it for limit.",
        "    >>> read_rows(path) returns all of the rows",
    ],
)
def test_documentation_that_is_no_statement_about_the_code_is_left_out(documentation):
    text = PYTHON.replace("Return at most `limit` rows of the file.", documentation)
    assert not [*written_answers([document("a.py", text)], 0)]


def test_held_out_documents_and_code_without_documentation_are_left_out():
    assert not [*written_answers([document("a.py", PYTHON, distribution="flask")], 0)]
    assert not [*written_answers([document("a.py", "x = 1\n" * 50)], 0)]


def test_the_seed_determines_the_answers():
    documents = [document(f"{n}.py", PYTHON.replace("rows", f"rows{n}")) for n in range(9)]
    assert [*written_answers(documents, 3)] == [*written_answers(documents, 3)]
    assert [*written_answers(documents, 3)] != [*written_answers(documents, 4)]
