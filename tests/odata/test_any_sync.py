"""Whatever changes between syncs, and whatever the page limit: the copy is in step."""

import sqlite3
from contextlib import closing
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.extract import Extraction, database_at, sync
from sage200_async.extract.deletes import DeletePolicy

SERVICES = ["limit10", "limit100", "limit300", "limit1000", "unlimited"]
ANY = DeletePolicy(max_fraction=1.0)


class Round(NamedTuple):
    """What happens before a sync, in shares of the rows, and who answers it."""

    service: str
    is_bare: bool
    workers: int
    overlap: float
    changed: float
    deleted: float
    added: int


ROUNDS = st.builds(
    Round,
    st.sampled_from(SERVICES),
    st.booleans(),
    st.integers(1, 8),
    st.sampled_from([0.0, 60.0, 3600.0]),
    st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    st.sampled_from([0.0, 0.0, 0.02, 0.3, 0.98]),
    st.sampled_from([0, 0, 1, 120]),
)


def happen(held, round_):
    """Change, delete and add rows; return the keys of those that are gone."""
    held.change(held.some(int(len(held.rows) * round_.changed)))
    gone = held.some(int(len(held.rows) * round_.deleted))
    held.delete(gone)
    held.insert(round_.added)
    held.serve()
    return gone


async def sync_once(session, url, round_):
    """Bring the copy in step."""
    session.reach(round_.service, is_bare=round_.is_bare)
    query = session.client.customers.select("id", "name", "date_time_updated")
    customers = Extraction(name="customers", query=query)
    options = {"workers": round_.workers, "overlap": round_.overlap, "deletes": ANY}
    await sync(session.client, customers, database_at(url), **options)


def stored_in(file):
    """Return each row's name by its id, and the ids of those marked as deleted."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT id, name, _deleted_at FROM customers")
        rows = rows.fetchall()
    living = {id_: name for id_, name, deleted_at in rows if deleted_at is None}
    return living, {id_ for id_, _, deleted_at in rows if deleted_at is not None}


@given(st.integers(1, 150), st.lists(ROUNDS, min_size=2, max_size=3))
def test_a_copy_equals_its_source_after_each_sync(session, source, count, rounds):
    """A living row is never marked as deleted, and a row that is gone always is."""
    held, deleted = source(count), set()
    with TemporaryDirectory() as folder:
        file = f"{folder}/copy.db"
        session.run(sync_once(session, f"sqlite:///{file}", rounds[0]))
        for round_ in rounds[1:]:
            deleted.update(happen(held, round_))
            session.run(sync_once(session, f"sqlite:///{file}", round_))
            living, marked = stored_in(file)
            assert living == {key: row["name"] for key, row in held.rows.items()}
            assert marked == deleted
