"""Both companies that ``/sites`` lists: each has records of its own."""

from __future__ import annotations

import pytest

from sage200_async.errors import SettingsError
from sage200_async.sandbox import Behaviour, Sandbox

OTHER = {"X-Company": "8"}


def test_both_companies_are_served(on_sandbox):
    """The second company has as many customers, and they are other ones."""

    async def scenario(sandbox, http):
        first = (await http.get("customers", top="5000")).json
        headers = http.headers | OTHER
        response = await http.request("GET", "customers", "$top=5000", headers=headers)
        second = response.json
        assert len(first) == len(second) == 50
        assert [row["id"] for row in first] != [row["id"] for row in second]
        assert [row["name"] for row in first] != [row["name"] for row in second]
        assert sandbox.store_of(8).count("customers") == 50
        with pytest.raises(KeyError):
            sandbox.store_of(9)

    on_sandbox(scenario)


def test_a_write_never_shows_in_the_other_company(on_sandbox):
    """What is created, changed and deleted in one company leaves the other as it was."""

    async def scenario(sandbox, http):
        stores = sandbox.store, sandbox.store_of(8)
        body = {"reference": "NEW", "name": "New"}
        for company, own, other in (("7", *stores), ("8", *reversed(stores))):
            untouched = list(other.rows("customers"))
            headers = http.headers | {"X-Company": company}
            created = await http.request(
                "POST", "customers", body=body, headers=headers
            )
            assert created.status == 200, created.body
            key = created.json["id"]
            path, doomed = f"customers/{key}", own.keys("customers")[0]
            change = await http.request(
                "PUT", path, body={"name": "N"}, headers=headers
            )
            gone = await http.request("DELETE", f"customers/{doomed}", headers=headers)
            assert (change.status, gone.status) == (200, 200)
            assert own.get("customers", key)["name"] == "N"
            assert list(other.rows("customers")) == untouched
            assert key not in other.keys("customers")

    on_sandbox(scenario)


def test_tenant_ids_are_a_switch(on_sandbox):
    """``/sites`` has ``tenant_id`` or not, whatever is selected."""

    async def scenario(sandbox, http):
        (first, _) = (await http.get("sites")).json
        sandbox.behaviour.tenant_ids = False
        (second, _) = (await http.get("sites")).json
        assert first.keys() - second.keys() == {"tenant_id"}
        selected = (await http.get("sites", select="company_id,tenant_id")).json
        assert selected == [{"company_id": 7}, {"company_id": 8}]

    on_sandbox(scenario)


def test_a_folder_may_hold_both_companies(on_sandbox, tmp_path):
    """Files of the second company are in a folder with its number."""
    for folder, name in ((tmp_path, "First"), (tmp_path / "8", "Second")):
        folder.mkdir(exist_ok=True)
        file = folder / "customers.ndjson"
        file.write_text(f'{{"id":1,"reference":"A","name":"{name}"}}\n')

    async def scenario(_, http):
        headers = http.headers | OTHER
        first = (await http.get("customers")).json
        second = (await http.request("GET", "customers", headers=headers)).json
        assert [row["name"] for row in (*first, *second)] == ["First", "Second"]

    on_sandbox(scenario, data=tmp_path)


def test_a_database_has_another_beside_it(on_sandbox, tmp_path):
    """On disk, the second company is kept in a file of its own."""
    file = tmp_path / "shop.db"
    headers = {}

    async def write(_, http):
        headers.update(OTHER)
        body = {"reference": "KEPT", "name": "Kept"}
        both = http.headers | headers
        await http.request("POST", "customers", body=body, headers=both)

    async def read(sandbox, _):
        names = [row["name"] for row in sandbox.store_of(8).rows("customers")]
        assert "Kept" in names
        assert "Kept" not in [row["name"] for row in sandbox.store.rows("customers")]

    on_sandbox(write, database=file)
    on_sandbox(read, database=file)
    assert {path.name for path in tmp_path.iterdir()} == {"shop.db", "shop-8.db"}


@pytest.mark.parametrize("kind", ["text", "folder"])
def test_a_database_that_is_none(on_sandbox, tmp_path, kind):
    """A file or folder that is no database is a SettingsError that names it."""
    file = tmp_path / "shop.db"
    if kind == "text":
        file.write_text("These are no records." * 100)
    else:
        file.mkdir()
    with pytest.raises(SettingsError, match=r"shop\.db.* cannot be used as an SQLite"):
        on_sandbox(None, database=file)


def test_a_port_in_use(on_sandbox):
    """A port that another program has is a SettingsError that says what to do."""

    async def scenario(sandbox, _):
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(SettingsError, match=f"port {port} .*choose another port"):
            await Sandbox(port=port).__aenter__()

    on_sandbox(scenario)


def test_the_name_by_which_clients_reach_it(on_sandbox):
    """Where clients use another host name, URLs have it, and http is allowed for it."""

    async def scenario(sandbox, _):
        port = sandbox.url.rpartition(":")[2]
        assert sandbox.settings.base_url.startswith(f"http://shop:{port}/")
        assert sandbox.settings.allow_insecure_http

    arguments = {"records": {}, "public_host": "shop", "behaviour": Behaviour()}

    async def run():
        async with Sandbox(**arguments) as sandbox:
            await scenario(sandbox, None)
        async with Sandbox({}) as sandbox:
            assert not sandbox.settings.allow_insecure_http

    import asyncio

    asyncio.run(run())
