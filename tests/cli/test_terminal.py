"""What comes out of files is not obeyed by the terminal that shows it."""

import pytest
from rich.console import Console

from assist_server.cli import summarize
from assist_server.cli.terminal import last_lines, say, spelled_out

ORDERS = ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\b", "\x7f", "\r", "\u202e", "\x00"]


@pytest.fixture
def terminal(monkeypatch, capsys):
    """Standard output that says it is a terminal; what was written to it."""
    monkeypatch.setattr("assist_server.cli.terminal.is_terminal", lambda: True)
    monkeypatch.setattr("assist_server.cli.summarize.is_terminal", lambda: True)
    return lambda: capsys.readouterr().out


@pytest.mark.parametrize("order", ORDERS)
def test_orders_are_spelled_out(order):
    shown = spelled_out(f"a{order}b\n")
    assert order not in shown
    assert shown.replace("\n", "").isprintable()
    assert "\\" in shown


def test_layout_is_kept():
    text = "if x:\r\n\ty = 'é 漢 🙂'\n"
    assert spelled_out(text) == text


@pytest.mark.parametrize("order", ORDERS)
def test_only_people_see_it_spelled_out(order, capsys, terminal):
    say(order)
    assert order not in terminal()


def test_programs_get_the_text_as_it_is(capsys):
    say("\x1b[31m", nl=False)
    assert capsys.readouterr().out == "\x1b[31m"


@pytest.mark.parametrize("order", ORDERS[:-1])  # a file with the last one is no text
def test_a_summary_on_a_terminal(project, answers, monkeypatch, terminal, order):
    answers("")
    monkeypatch.setattr(summarize, "Console", lambda: Console(force_terminal=False, width=200))
    (project / "a.md").write_text(f"The file {order} says this. And more.\n", newline="")
    summarize.run_summarize(project / "a.md", None, {}, as_json=False)
    shown = terminal()
    assert "says this." in shown
    assert order not in shown.replace("\r\n", "\n")


def test_the_end_of_a_long_text_is_what_fits():
    console = Console(width=10, height=4)
    assert last_lines("1\n2", console).plain == "1\n2"
    assert last_lines("1\n2\n3\n4 four words", console).plain.split() == ["3", "4", "four", "words"]
