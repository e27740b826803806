import pytest

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.summarize.tables import describe_table


def facts_of(rows):
    return describe_table(Selection(Snapshot("file:///a.csv", "a.csv", rows), 0, len(rows)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("01234", "04567"), "`01234` (1) and `04567` (1)"),
        (("1234", "4567"), "whole numbers from 1,234 to 4,567"),
        (("0.5", "0"), "numbers from 0 to 0.5"),
    ],
)
def test_digits_after_a_zero_are_no_number(values, said):
    facts = facts_of("town,code\n" + "".join(f"t{value},{value}\n" for value in values))
    assert said in facts.to_markdown()


def test_one_uneven_row():
    assert (
        "1 row has more or fewer columns" in facts_of("a,b\n1,2\n3,4\n5,6,7\n8,9\n").to_markdown()
    )
