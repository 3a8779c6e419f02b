"""A server lies, in each way that leaves a trace: right, or a named error."""

import os
import zlib

import pytest
from lying.cases import run_case, run_cases
from lying.lies import LIES, Lie, page
from lying.service import Teller
from lying.table import letters
from lying.ways import WAYS

THOROUGH = os.environ.get("EXHAUSTIVE") == "1"
MORE = (1, 2, 3, 5, "later", 0.2, 0.5) if THOROUGH else ()
DATABASES = ("export db", "sync first", "sync later")
CASES = [
    pytest.param(lie, way, id=f"{lie}-{way}")
    for lie in LIES.values()
    for way in WAYS
    if lie.leaves_a_trace(way, lie.places[0])
]


def places_of(lie, way):
    """Return where a way of reading is lied to; one place is drawn.

    Databases are slow: there is one lie each time or in the place that is drawn.
    """
    drawn = drawn_place(lie, way)
    places = (*lie.places, *MORE, drawn)
    if way.name in DATABASES and not THOROUGH:
        places = [(lie.places[0], drawn)[zlib.crc32(f"{way} {lie}".encode()) % 2]]
    traced = [when for when in places if lie.leaves_a_trace(way, when)]
    return traced or lie.places[:1]


def drawn_place(lie, way):
    """Return a place for a lie and a way, the same each time."""
    return (1, 2, 3, "later", 0.3)[zlib.crc32(f"{lie} {way}".encode()) % 5]


@pytest.mark.parametrize(("lie", "way"), CASES)
def test_a_lie_is_never_believed(lie, way, record_property):
    """Each reading ends complete and right, or in a named error that spoils nothing."""
    places = places_of(lie, way)
    seeds = [zlib.crc32(f"{lie} {way} {when}".encode()) for when in places]
    cases = [[Teller(lie, *where)] for where in zip(places, seeds, strict=True)]
    record_property("lie", (str(lie), str(way), ""))
    outcomes = run_cases(way, cases)
    record_property("lie", (str(lie), str(way), letters(outcomes)))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("limit", [250, 300, 499, 500])
def test_a_server_with_a_limit_of_its_own_is_read_whole(way, limit):
    """A server that serves 250 records where 5,000 are asked for is read to its end."""
    cap = Lie(
        "a limit", page, lambda query, reply, *_: reply.but(rows=reply.rows[:limit])
    )
    outcome = run_case(way, [Teller(cap)], size=700, page_size=5000)
    assert (outcome.name, outcome.message) == ("right", "")
