"""An honest server, on its own terms: what its replies mean, and that all is read."""

import pytest
from lying.cases import run_case
from lying.lie import Lie, evaluated, page
from lying.odata import holds, in_order, parse_filter, parse_order
from lying.service import Teller
from lying.ways import WAYS


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_honest_server_is_read_right(way):
    """Without lies and without writers, each way brings all."""
    outcome = run_case(way)
    assert (outcome.name, outcome.message) == ("right", "")


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_honest_wrapper_is_read_right(way):
    """A server that wraps each list, with the count of all that matches, is honest."""

    def wrap(query, reply, service, teller):
        count = evaluated(query, service, counts=True).count
        return reply.wrapped(odata_count=count)

    outcome = run_case(way, [Teller(Lie("a wrapper", page, wrap))])
    assert (outcome.name, outcome.message) == ("right", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id gt 1 and id le 3", [2, 3]),
        ("id eq 1 or id eq 4", [1, 4]),
        ("(id eq 1 or id eq 2) and on_hold eq false", [2]),
        ("not (id eq 1) and id lt 3", [2]),
        ("name eq null", [3]),
        ("name ne null and id gt 1", [2, 4]),
        ("name eq 'O''Hara (and) co'", [2]),
        ("name lt 'z'", [1, 2, 4]),
        ("date_time_updated ge 2026-01-02T00:00:00Z", [2]),
        ("date_time_updated ge 2026-01-02T02:00:00.0000000+02:00", [2]),
    ],
)
def test_a_filter_means_what_odata_says(text, expected):
    """`and` binds closer than `or`; a null is in no order to anything."""
    rows = [
        {"id": 1, "on_hold": True, "name": "a"},
        {"id": 2, "on_hold": False, "name": "O'Hara (and) co"},
        {"id": 3, "on_hold": None, "name": None},
        {"id": 4, "on_hold": True, "name": "b"},
    ]
    second = parse_filter("x eq 2026-01-02T00:00:00Z")[2]
    rows[1]["date_time_updated"] = second
    tree = parse_filter(text)
    assert [row["id"] for row in rows if holds(tree, row)] == expected


def test_nulls_come_first_and_ties_as_they_were():
    """Nulls are lower than all values; later terms decide between equal ones."""
    rows = [
        {"id": 1, "a": 2},
        {"id": 2, "a": None},
        {"id": 3, "a": 1},
        {"id": 4, "a": 1},
    ]
    for text, expected in (("a,id desc", [2, 4, 3, 1]), ("a desc,id", [1, 3, 4, 2])):
        assert [row["id"] for row in in_order(rows, parse_order(text))] == expected
