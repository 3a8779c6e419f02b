"""Which rows are believed to be deleted."""

import contextlib
from datetime import timedelta

import pytest
from stamped_company import STAMP

from sage200_async.errors import ExtractError, PagingError


def test_no_company_among_the_sites(lab):
    """While Sage does not name the company, no row is marked as deleted."""
    lab.insert(50)
    lab.sync()
    del lab.company.rows[1]
    lab.server.sites = []
    with pytest.raises(ExtractError, match="tunnel"):
        lab.sync()
    assert len(lab.target.names) == 50
    lab.server.sites = [{"site_id": "S", "company_id": 1}]
    assert lab.sync().deleted == 1


def test_a_role_that_hides_rows(lab):
    """Many deletes at once are not believed, unless a larger share is allowed."""
    lab.insert(400)
    lab.sync()
    lab.company.hidden = set(list(lab.company.rows)[:200])
    with pytest.raises(
        ExtractError, match="200 of 400 rows seem to be deleted, and 200 are"
    ):
        lab.sync(most=0.1)
    assert len(lab.target.names) == 400
    assert lab.sync(most=0.6).deleted == 200


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
def test_how_many_deletes_are_believed(lab, rows, deleted, most, believed):
    """Three of few rows are, or the share that is allowed; all rows only if it is 1."""
    lab.insert(rows)
    lab.sync()
    gone = set(list(lab.company.rows)[:deleted])
    lab.company.rows = {k: v for k, v in lab.company.rows.items() if k not in gone}
    if believed:
        assert lab.sync(most=most).deleted == deleted
        assert lab.target.deleted == gone
    else:
        with pytest.raises(ExtractError, match=f"{deleted} of {rows} rows seem to be"):
            lab.sync(most=most)
        assert lab.target.deleted == set()


def forgets_by_key(options, rows):
    """Answer ``[]`` where single records are asked for."""
    return [] if "id eq" in options.get("$filter", "") else rows


def test_a_listing_that_is_not_whole_the_second_time(lab):
    """Rows that were listed a moment ago must come with those that seem deleted."""
    lab.insert(50)
    lab.sync()
    del lab.company.rows[1]
    with lab.lying(forgets_by_key), pytest.raises(ExtractError):
        lab.sync()
    assert len(lab.target.names) == 50


def test_deletes_are_confirmed_beside_rows_that_are_listed(lab):
    """Where no row of the copy is listed, rows of the company have to come, too."""
    lab.insert(10)
    lab.sync()
    for key, row in list(lab.company.rows.items()):
        del lab.company.rows[key]
        old = row[STAMP] - timedelta(days=9)
        lab.company.rows[key + 1000] = {**row, "id": key + 1000, STAMP: old}
    with lab.lying(forgets_by_key), pytest.raises(ExtractError):
        lab.sync()
    assert lab.target.deleted == set()


def test_a_row_that_is_back_is_not_deleted(lab):
    """A row that comes when it is asked for again is not marked."""
    lab.insert(50)
    lab.sync()

    def first_hides(options, rows):
        by_key = "id eq" in options.get("$filter", "")
        return rows if by_key else [row for row in rows if row["id"] != 25]

    with lab.lying(view=first_hides):
        assert lab.sync().deleted == 0
    assert len(lab.target.names) == 50


@pytest.mark.parametrize("gone", [{1}, {148}, {1, 148}, {73}, {1, 4}, {145, 148}])
def test_deletes_at_the_edges_are_confirmed_beside_rows_beyond_them(lab, gone):
    """Each confirming request shows rows on both sides, as far as there are any.

    Rows beyond the last come in the opposite order, so that a response that is
    cut short lacks the rows known to exist, and not those that are asked for.
    """
    lab.insert(50)
    lab.sync()
    for key in gone:
        del lab.company.rows[key]
    assert lab.sync().deleted == len(gone)
    assert lab.target.deleted == gone


@pytest.mark.parametrize("shown", range(4))
@pytest.mark.parametrize("hidden", [{1}, {148}, {73, 76}])
def test_a_confirmation_that_is_cut_short_marks_nothing(lab, hidden, shown):
    """Rows that a listing lacks are not marked by a response cut after any row."""
    lab.insert(50)
    lab.sync()

    def cut(options, rows):
        return rows[:shown] if "id eq" in options.get("$filter", "") else rows

    def hide(options, rows):
        by_key = "id eq" in options.get("$filter", "")
        return [row for row in rows if by_key or row["id"] not in hidden]

    with (
        lab.lying(cut, hide),
        contextlib.suppress(ExtractError, PagingError),
    ):
        lab.sync()
    assert lab.target.deleted == set()


def test_a_row_that_leaves_the_filter_is_marked(lab):
    """A record that no longer meets the condition is marked in the copy."""
    lab.insert(20)
    query = lab.query.filter(on_hold=False)
    lab.sync(query)
    lab.company.rows[4].update({"on_hold": True, STAMP: lab.server.now})
    assert lab.sync(query).deleted == 1
    assert lab.target.deleted == {4}
