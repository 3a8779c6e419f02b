"""Every operation of Sage's documents, called by the client on the sandbox."""

import asyncio
import functools
import re
from typing import Any

from msgspec.structs import replace

from sage200_async import Sage200Client, Settings
from sage200_async.errors import Sage200Error
from sage200_async.sandbox import Behaviour, Sandbox

RESOURCES = {
    "alternative_product_id": "products",
    "cross_sell_product_id": "products",
    "currency_from_id": "currencies",
    "currency_to_id": "currencies",
}


# Four operations that need a body declare none.
UNDECLARED = {
    "/stocktake_approve_complete": ("warehouse_id",),
    "/stocktake_enter_values": ("warehouse_id",),
    "/stocktake_view_adjustments": ("warehouse_id",),
}


async def page_of(resource: Any) -> list[Any]:
    """Read a few records, as `async for` does."""
    return [record async for record in resource.top(2)]


def unchecked(sandbox: Sandbox) -> Settings:
    """Return settings that let bodies through as the documents have them."""
    return replace(sandbox.settings, check_inputs="off")


def matches(template: str, path: str) -> bool:
    """Return whether *path* is *template* with numbers for its ids."""
    pattern = re.sub(r"\{[^}]+\}", "-?[0-9]+", template.strip("/"))
    return re.fullmatch(pattern, path) is not None


def order(operation: Any) -> tuple[bool, int]:
    """Return a sort key: deletes last, children before their parents."""
    deletes = operation.method == "DELETE"
    return deletes, -operation.path.count("/") if deletes else 0


async def faults_in(operations: list[Any], walk: Any) -> list[str]:
    """Return what went wrong with each operation that failed."""
    reach, call = walk
    faults = []
    takes_all = Behaviour(
        missing_fields="take",
        long_texts="take",
        unknown_enum_values="take",
        dangling_ids="take",
        duplicate_keys="take",
        changed_references="take",
        referenced_deletes="take",
    )  # bodies are made up from types alone
    sandbox = Sandbox(behaviour=takes_all)
    async with sandbox, Sage200Client(unchecked(sandbox)) as client:

        async def pick(resource: Any) -> int:
            """Return the id of an existing record."""
            endpoint = resource.endpoint
            if "list" in endpoint.verbs:
                records = await page_of(resource)
                assert records, f"{endpoint.path} holds nothing to choose from"
                return getattr(records[-1], endpoint.key or "id")
            name = endpoint.path.rpartition("/")[2].removesuffix("_new")
            return sandbox.store.keys(name)[-1]

        def refer(to: str, name: str) -> int:
            """Return the id of an existing record for a field such as `customer_id`."""
            copied = to.strip("/").removesuffix("_duplicate")
            plural = copied if name == "source_id" else f"{name.removesuffix('_id')}s"
            path = RESOURCES.get(name, plural)
            endpoint = client.endpoints().get(path)
            is_listed = endpoint is not None and "list" in endpoint.verbs
            return sandbox.store.keys(path)[0] if is_listed else 1

        for number, operation in enumerate(sorted(operations, key=order)):
            try:
                resource, key = await reach(client, operation.path, pick)
                id_for = functools.partial(refer, operation.path)
                body = operation.body(f"U{number:07}", id_for)
                undeclared = UNDECLARED.get(operation.path, ())
                body |= {name: id_for(name) for name in undeclared}
                if operation.path == "/product_search":
                    body["search_category_values"] = []
                await call(resource, operation, key, body, page_of)
                request = sandbox.requests[-1]
                assert request.method == operation.method, request
                assert matches(operation.path, request.path), request
            except (AssertionError, LookupError, Sage200Error) as error:
                faults.append(f"{operation.method} {operation.path}: {error!r}"[:300])
    return faults


def test_every_operation_reaches_its_path(operations, walk) -> None:
    """All 710 reach the right path with the right verb, and every response decodes."""
    assert len(operations) == 710
    faults = asyncio.run(faults_in(operations, walk))
    assert not faults, "\n".join(faults)
