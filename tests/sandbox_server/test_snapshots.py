"""Snapshots: everything that a sandbox holds, and requests in flight meanwhile."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.errors import ClientClosed
from sage200_async.sandbox import Behaviour, Fault, Sandbox

NEW = {"reference": "NEW", "name": "New"}


def content(store):
    """Return every record in every table that exists."""
    return {
        path: list(store.rows(path)) for path in store.tables if store.has_table(path)
    }


def test_records_and_ids_return(on_sandbox):
    """After a restore the records are the same in both companies, and so are new ids."""

    async def scenario(sandbox, http):
        stores = [sandbox.store, sandbox.store_of(8)]
        for store in stores:
            store.ensure_table("customers")
            store.ensure_table("customer_contacts")
        before = [content(store) for store in stores]
        snapshot = sandbox.snapshot()
        ids = []
        for _ in range(2):
            response = await http.request("POST", "customers", body=NEW)
            ids.append(response.json["id"])
            for store in stores:
                store.insert("suppliers", {"reference": "S", "name": "S"})
                for key in store.keys("customers")[:3]:
                    store.delete("customers", key)
            assert [content(store) for store in stores] != before
            sandbox.restore(snapshot)
            assert [content(store) for store in stores] == before
        assert ids[0] == ids[1]

    on_sandbox(scenario)


def test_requests_faults_and_behaviour_return(on_sandbox):
    """A restore covers requests, faults, behaviour, the hook and token requests."""

    async def scenario(sandbox, http):
        await http.get("customers")
        sandbox.faults = [Fault(status=503), None]
        sandbox.behaviour = Behaviour(max_top=7)
        snapshot = sandbox.snapshot()
        requests = list(sandbox.requests)
        token_requests = list(sandbox.token_requests)

        async def hook(_):
            return None

        for _ in range(2):
            sandbox.request_hook = hook
            sandbox.behaviour.max_top = 9
            sandbox.behaviour = Behaviour(ignore_skip=True)
            assert (await http.get("customers")).status == 503
            await http.refresh("unknown")
            sandbox.restore(snapshot)
            assert sandbox.requests == requests
            assert sandbox.token_requests == token_requests
            assert list(sandbox.faults) == [Fault(status=503), None]
            assert sandbox.behaviour == Behaviour(max_top=7)
            assert sandbox.request_hook is None
        assert (await http.get("customers")).status == 503
        assert len((await http.get("customers", top="50")).json) == 7

    on_sandbox(scenario)


def test_tokens_return(on_sandbox):
    """Tokens are as they were: used ones unused, later ones unknown, expired ones valid."""

    async def scenario(sandbox, http):
        refresh_token = sandbox.settings.refresh_token
        snapshot = sandbox.snapshot()
        for _ in range(2):
            newer = (await http.refresh(refresh_token)).json["refresh_token"]
            sandbox.expire_tokens()
            sandbox.revoke()
            assert (await http.get("customers")).status == 401
            sandbox.restore(snapshot)
            assert sandbox.token_status(refresh_token) == "unused"
            assert sandbox.token_status(newer) == "unknown"
            assert (await http.get("customers")).status == 200

    on_sandbox(scenario)


def test_tables_that_nobody_used_yet(on_sandbox):
    """A table that was first used after the snapshot is filled again with the same."""

    async def scenario(sandbox, http):
        store = sandbox.store
        snapshot = sandbox.snapshot()
        first = (await http.get("suppliers")).json
        store.update("suppliers", first[0]["id"], {"name": "Changed"})
        sandbox.restore(snapshot)
        assert not store.has_table("suppliers")
        assert (await http.get("suppliers")).json == first
        sandbox.restore(snapshot)
        assert not store.has_table("suppliers")

    on_sandbox(scenario)


@pytest.mark.parametrize("read_first", [True, False])
def test_views_follow(on_sandbox, read_first):
    """A view shows the records of the snapshot, whether it was read before or later."""

    async def scenario(sandbox, http):
        store = sandbox.store
        key = store.keys("customers")[0]
        condition = f"id eq {key}"

        async def name():
            (row,) = (
                await http.filter(condition, "customer_views", select="name")
            ).json
            return row["name"]

        if read_first:
            await name()
        store.update("customers", key, {"name": "Before"})
        snapshot = sandbox.snapshot()
        for _ in range(2):
            assert await name() == "Before"
            store.update("customers", key, {"name": "After"})
            sandbox.restore(snapshot)
            assert await name() == "Before"
            store.update("customers", key, {"name": "After"})
            assert await name() == "After"
            sandbox.restore(snapshot)

    on_sandbox(scenario)


def test_the_disordered_order_returns(on_sandbox):
    """Even an order that differs each time is the same after a restore."""

    async def scenario(sandbox, http):
        snapshot = sandbox.snapshot()
        first = [(await http.get("customers")).ids for _ in range(2)]
        sandbox.restore(snapshot)
        assert [(await http.get("customers")).ids for _ in range(2)] == first
        assert first[0] != first[1]

    on_sandbox(scenario, behaviour=Behaviour(default_order="shuffled"))


def test_a_database_on_disk_is_written_back(on_sandbox, tmp_path):
    """A restore writes the file back, and what it then holds is served later."""
    file = tmp_path / "shop.db"

    async def scenario(sandbox, http):
        before = content(sandbox.store)
        snapshot = sandbox.snapshot()
        assert (await http.request("POST", "customers", body=NEW)).status == 200
        sandbox.restore(snapshot)
        assert content(sandbox.store) == before

    async def later(sandbox, _):
        assert not sandbox.store.exists("customers", {"reference": "NEW"})
        assert sandbox.store.count("customers") == 50

    on_sandbox(scenario, database=file)
    on_sandbox(later, database=file)


def test_large_images_are_copied(on_sandbox, monkeypatch):
    """Records too many for an image that can grow are copied, with the same result."""
    from sage200_async.sandbox.store import database

    monkeypatch.setattr(database, "_MAX_IMAGE", 0)

    async def scenario(sandbox, http):
        before = content(sandbox.store)
        snapshot = sandbox.snapshot()
        assert (await http.request("POST", "customers", body=NEW)).status == 200
        sandbox.restore(snapshot)
        assert content(sandbox.store) == before

    on_sandbox(scenario)


def test_what_waits_is_refused_and_leaves_no_trace(on_sandbox):
    """A request that arrived before a restore and still waits is 503, and not recorded."""

    async def scenario(sandbox, http):
        snapshot = sandbox.snapshot()
        entered, leave = asyncio.Event(), asyncio.Event()

        async def hook(_):
            entered.set()
            await leave.wait()

        sandbox.request_hook = hook
        waiting = asyncio.create_task(http.request("POST", "customers", body=NEW))
        await entered.wait()
        sandbox.restore(snapshot)
        leave.set()
        assert (await waiting).status == 503
        assert sandbox.requests == []
        assert not sandbox.store.exists("customers", {"reference": "NEW"})
        assert (await http.request("POST", "customers", body=NEW)).status == 200

    on_sandbox(scenario)


def test_a_token_request_that_waits_is_refused(on_sandbox):
    """A refresh that arrived before a restore is 503, and uses nothing up."""

    async def scenario(sandbox, http):
        refresh_token = sandbox.settings.refresh_token
        snapshot = sandbox.snapshot()
        sandbox.behaviour.token_delay = 0.3
        waiting = asyncio.create_task(http.refresh(refresh_token))
        while sandbox.connections < 1:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        sandbox.restore(snapshot)
        assert (await waiting).status == 503
        assert sandbox.token_status(refresh_token) == "unused"

    on_sandbox(scenario)


def test_restores_among_many_writes(on_sandbox):
    """Whatever is in flight, a restore from another thread leaves the same records."""

    async def scenario(sandbox, http):
        snapshot = sandbox.snapshot()
        before = content(sandbox.store)
        stop, different = asyncio.Event(), []

        async def write(worker):
            statuses = set()
            for number in range(1_000):
                if stop.is_set():
                    break
                name = f"{worker}-{number}"
                body = {"reference": name, "name": name}
                statuses.add(
                    (await http.request("POST", "customers", body=body)).status
                )
            return statuses

        def restore():
            for _ in range(20):
                sandbox.restore(snapshot)

        writers = [asyncio.create_task(write(worker)) for worker in range(4)]
        for _ in range(5):
            await asyncio.to_thread(restore)
        stop.set()
        statuses = await asyncio.gather(*writers)
        sandbox.restore(snapshot)
        different.append(content(sandbox.store) != before)
        assert set.union(*statuses) <= {200, 503}
        assert different == [False]
        assert sandbox.store.database.execute("PRAGMA integrity_check") == [(b"ok",)]

    on_sandbox(scenario)


class Worlds:
    """A sandbox with some snapshots, and what each of them held."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.saved = []

    def save(self, _):
        store = self.sandbox.store
        self.saved.append((self.sandbox.snapshot(), content(store)))

    def restore(self, number):
        if self.saved:
            snapshot, expected = self.saved[number % len(self.saved)]
            self.sandbox.restore(snapshot)
            assert content(self.sandbox.store) == expected

    def insert(self, number):
        path = ("customers", "suppliers", "products")[number % 3]
        name = "code" if path == "products" else "reference"
        self.sandbox.store.insert(path, {name: str(number), "name": "x"})

    def delete(self, number):
        keys = self.sandbox.store.keys("customers")
        if keys:
            self.sandbox.store.delete("customers", keys[number % len(keys)])

    def look(self, number):
        paths = ("departments", "sop_orders", "customer_contacts", "customer_views")
        path = paths[number % len(paths)]
        self.sandbox.store.count(path)


STEPS = st.sampled_from(["save", "restore", "insert", "delete", "look"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(STEPS, st.integers(0, 50)), max_size=25))
def test_any_order_of_snapshots_and_restores(steps):
    """In any order of writes, snapshots and restores, each restore is exact."""

    async def main():
        async with Sandbox({"customers": 3}) as sandbox:
            worlds = Worlds(sandbox)
            for step, number in steps:
                getattr(worlds, step)(number)

    asyncio.run(main())


def test_a_snapshot_of_another_run():
    """A snapshot of another sandbox is refused, and so is one when none runs."""

    async def main():
        async with Sandbox({}) as first, Sandbox({}) as second:
            snapshot = first.snapshot()
            with pytest.raises(ValueError, match="this sandbox"):
                second.restore(snapshot)
        with pytest.raises(ClientClosed, match="not running"):
            first.snapshot()
        assert "token" not in repr(snapshot)

    asyncio.run(main())


def test_snapshots_from_a_thread():
    """Snapshot and restore work from a thread that has no event loop."""

    async def main():
        async with Sandbox({"customers": 2}) as sandbox:
            counts = []

            def work():
                snapshot = sandbox.snapshot()
                sandbox.store.insert("customers", NEW)
                counts.append(sandbox.store.count("customers"))
                sandbox.restore(snapshot)
                counts.append(sandbox.store.count("customers"))

            thread = threading.Thread(target=work)
            thread.start()
            await asyncio.to_thread(thread.join)
            assert counts == [3, 2]

    asyncio.run(main())


def test_snapshots_between_two_runs_of_the_loop():
    """Snapshot and restore work while the sandbox's event loop does not run."""
    loop = asyncio.new_event_loop()
    sandbox = Sandbox({"customers": 2})
    loop.run_until_complete(sandbox.__aenter__())
    snapshot = sandbox.snapshot()
    sandbox.store.insert("customers", NEW)
    sandbox.restore(snapshot)
    assert sandbox.store.count("customers") == 2
    loop.run_until_complete(sandbox.__aexit__(None, None, None))
    loop.close()
