"""What a sync asks of a company in which nothing has changed."""

import asyncio

import pytest
from copies import SQLiteCopy

from sage200_async import Sage200Client
from sage200_async.extract.extraction import Extraction
from sage200_async.extract.sync import sync
from sage200_async.sandbox import Sandbox

KEY_AND_STAMP = {"id", "date_time_updated"}


@pytest.mark.parametrize("related", ["json", "tables"])
def test_a_sync_with_no_change_asks_for_keys_and_stamps(tmp_path, related):
    """It takes n/5000 + 12 requests at most; one of them reads the overlap's records."""
    target = SQLiteCopy(f"sqlite:///{tmp_path}/copy.db")

    async def body(sandbox, client):
        query = client.customers.expand("contacts").page_size(500)
        extraction = Extraction(name="customers", query=query, related=related)
        await sync(client, extraction, target(), workers=3)
        sandbox.requests.clear()
        result = await sync(client, extraction, target(), workers=3)
        assert (result.changed, result.deleted, result.swept) == (0, 0, True)
        return result, list(sandbox.requests)

    result, requests = on_sandbox(12_000, body)
    pages = -(-12_000 // 5000)
    assert len(requests) <= pages + 12
    rich = [one for one in requests if not is_narrow(one)]
    assert len(rich) == 1
    assert "date_time_updated ge" in rich[0].query["$filter"]
    served = sum(one.records for one in requests)
    assert served <= 12_000 + pages + result.read + 12


def is_narrow(request):
    """Return whether a request is for keys and stamps alone, or for the sites."""
    selected = set(request.query.get("$select", "").split(","))
    narrow = selected <= KEY_AND_STAMP and "$expand" not in request.query
    return request.path == "sites" or narrow


def on_sandbox(count, body):
    async def main():
        async with (
            Sandbox(records={"customers": count}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(sandbox, client)

    return asyncio.run(main())
