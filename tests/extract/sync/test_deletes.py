"""Which rows are believed to be deleted."""

import contextlib
from datetime import timedelta

import pytest
from stamped_company import STAMP

from sage200_async.errors import ExtractError, PagingError


def test_no_company_among_the_sites(scenario):
    """While Sage does not name the company, no row is marked as deleted."""
    scenario.insert(50)
    scenario.sync()
    del scenario.company.rows[1]
    scenario.server.sites = []
    with pytest.raises(ExtractError, match="tunnel"):
        scenario.sync()
    assert len(scenario.target.names) == 50
    scenario.server.sites = [{"site_id": "S", "company_id": 1}]
    assert scenario.sync().deleted == 1


def test_a_role_that_hides_rows(scenario):
    """Many deletes at once are not believed, unless a larger share is allowed."""
    scenario.insert(400)
    scenario.sync()
    scenario.company.hidden = set(list(scenario.company.rows)[:200])
    with pytest.raises(
        ExtractError, match="200 of 400 rows seem to be deleted, and 200 are"
    ):
        scenario.sync(most=0.1)
    assert len(scenario.target.names) == 400
    assert scenario.sync(most=0.6).deleted == 200


@pytest.mark.parametrize(
    ("rows", "deleted", "most", "believed"),
    [
        (2, 1, 0.1, True),
        (4, 3, 0.1, True),
        (4, 4, 0.1, False),
        (4, 4, 1, True),
        (30, 3, 0.1, True),
        (30, 4, 0.1, False),
        (100, 10, 0.1, True),
        (100, 11, 0.1, False),
        (100, 1, 0, False),
        (1, 1, 0.5, False),
    ],
)
def test_how_many_deletes_are_believed(scenario, rows, deleted, most, believed):
    """Three of few rows are, or the share that is allowed; all rows only if it is 1."""
    scenario.insert(rows)
    scenario.sync()
    gone = set(list(scenario.company.rows)[:deleted])
    scenario.company.rows = {
        k: v for k, v in scenario.company.rows.items() if k not in gone
    }
    if believed:
        assert scenario.sync(most=most).deleted == deleted
        assert scenario.target.deleted == gone
    else:
        with pytest.raises(ExtractError, match=f"{deleted} of {rows} rows seem to be"):
            scenario.sync(most=most)
        assert scenario.target.deleted == set()


def forgets_by_key(options, rows):
    """Answer ``[]`` where single records are asked for."""
    return [] if "id eq" in options.get("$filter", "") else rows


def test_a_listing_that_is_not_whole_the_second_time(scenario):
    """Rows that were listed a moment ago must come with those that seem deleted."""
    scenario.insert(50)
    scenario.sync()
    del scenario.company.rows[1]
    with scenario.lying(forgets_by_key), pytest.raises(ExtractError):
        scenario.sync()
    assert len(scenario.target.names) == 50


def test_deletes_are_confirmed_beside_rows_that_are_listed(scenario):
    """Where no row of the copy is listed, rows of the company have to come, too."""
    scenario.insert(10)
    scenario.sync()
    for key, row in list(scenario.company.rows.items()):
        del scenario.company.rows[key]
        old = row[STAMP] - timedelta(days=9)
        scenario.company.rows[key + 1000] = {**row, "id": key + 1000, STAMP: old}
    with scenario.lying(forgets_by_key), pytest.raises(ExtractError):
        scenario.sync()
    assert scenario.target.deleted == set()


def test_a_row_that_is_back_is_not_deleted(scenario):
    """A row that comes when it is asked for again is not marked."""
    scenario.insert(50)
    scenario.sync()

    def first_hides(options, rows):
        by_key = "id eq" in options.get("$filter", "")
        return rows if by_key else [row for row in rows if row["id"] != 25]

    with scenario.lying(view=first_hides):
        assert scenario.sync().deleted == 0
    assert len(scenario.target.names) == 50


@pytest.mark.parametrize("gone", [{1}, {148}, {1, 148}, {73}, {1, 4}, {145, 148}])
def test_deletes_at_the_edges_are_confirmed_beside_rows_beyond_them(scenario, gone):
    """Each confirming request shows rows on both sides, as far as there are any.

    Rows beyond the last come in the opposite order, so that a response that is
    cut short lacks the rows known to exist, and not those that are asked for.
    """
    scenario.insert(50)
    scenario.sync()
    for key in gone:
        del scenario.company.rows[key]
    assert scenario.sync().deleted == len(gone)
    assert scenario.target.deleted == gone


@pytest.mark.parametrize("shown", range(4))
@pytest.mark.parametrize("hidden", [{1}, {4}, {145}, {148}, {73, 76}])
def test_a_confirmation_that_is_cut_short_marks_nothing(scenario, hidden, shown):
    """Rows that a listing lacks are not marked by a response cut after any row."""
    scenario.insert(50)
    scenario.sync()

    def cut(options, rows):
        return rows[:shown] if "id eq" in options.get("$filter", "") else rows

    def hide(options, rows):
        by_key = "id eq" in options.get("$filter", "")
        return [row for row in rows if by_key or row["id"] not in hidden]

    with (
        scenario.lying(cut, hide),
        contextlib.suppress(ExtractError, PagingError),
    ):
        scenario.sync()
    assert scenario.target.deleted == set()


@pytest.mark.parametrize(("hidden", "first"), [(4, 4), (145, 145), (145, 143)])
def test_a_confirmation_shows_a_row_beyond_each_key(scenario, hidden, first):
    """A key between the two outermost rows is gone only where a row beyond it comes."""
    scenario.insert(50)
    scenario.sync()

    def view(options, rows):
        """Hide one row from listings, and all rows on one side of it from look-ups."""
        if "id eq" not in options.get("$filter", ""):
            return [row for row in rows if row["id"] != hidden]
        low = hidden < 50
        return [
            row for row in rows if (row["id"] > first) == low and row["id"] != hidden
        ]

    with (
        scenario.lying(view=view),
        contextlib.suppress(ExtractError, PagingError),
    ):
        scenario.sync()
    assert scenario.target.deleted == set()


def test_a_row_that_leaves_the_filter_is_marked(scenario):
    """A record that no longer meets the condition is marked in the copy."""
    scenario.insert(20)
    query = scenario.query.filter(on_hold=False)
    scenario.sync(query)
    scenario.company.rows[4].update({"on_hold": True, STAMP: scenario.server.now})
    assert scenario.sync(query).deleted == 1
    assert scenario.target.deleted == {4}


def at_confirmations(times, do):
    """Return a view that calls *do* before the first confirming requests."""
    left = [times]

    def view(options, rows):
        if "id eq" in options.get("$filter", "") and left[0]:
            left[0] -= 1
            gone = do()
            rows = [row for row in rows if row["id"] not in gone]
        return rows

    return view


@pytest.mark.parametrize("gone", [{1}, {73}, {148}, {1, 73}])
@pytest.mark.parametrize("ends", [(0, 1), (-1, -2), (0, 1, -1, -2)])
@pytest.mark.parametrize("times", [1, 2])
def test_rows_beside_a_confirmation_may_be_deleted_meanwhile(
    scenario, gone, ends, times
):
    """An honest server draws no error: the edges are read anew, and it is asked again."""
    scenario.insert(50)
    scenario.sync()
    for key in gone:
        del scenario.company.rows[key]

    def delete_edges():
        keys = sorted(scenario.company.rows)
        edges = {keys[end] for end in ends}
        for key in edges:
            del scenario.company.rows[key]
        return edges

    with scenario.lying(view=at_confirmations(times, delete_edges)):
        assert scenario.sync().deleted == len(gone)
    assert scenario.target.deleted == gone
    scenario.sync()
    assert set(scenario.target.names) == set(scenario.company.rows)


@pytest.mark.parametrize("hides", [range(149), range(72), range(76, 149)])
def test_a_server_that_cuts_each_confirmation_is_not_believed(scenario, hides):
    """Edges that are read anew have to come with it, however often it is asked."""
    scenario.insert(50)
    scenario.sync()
    del scenario.company.rows[73]

    def cut(options, rows):
        by_key = "id eq" in options.get("$filter", "")
        return [row for row in rows if not by_key or row["id"] not in hides]

    with scenario.lying(view=cut), pytest.raises(ExtractError, match="Sync again"):
        scenario.sync()
    assert scenario.target.deleted == set()


def test_rows_at_both_ends_are_not_confirmed_by_nothing(scenario):
    """Keys below the lowest and above the highest row need rows that come with them."""
    scenario.insert(50)
    scenario.sync()
    for key in (1, 148):
        del scenario.company.rows[key]
    with scenario.lying(forgets_by_key), pytest.raises(ExtractError):
        scenario.sync()
    assert scenario.target.deleted == set()
