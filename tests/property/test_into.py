"""A type of any fields reads what selecting these fields reads."""

import asyncio
import dataclasses
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async import Sage200Client
from sage200_async.catalog import Endpoints
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import names_of
from sage200_async.query.endpoint import Endpoint
from sage200_async.sandbox import Sandbox

LISTED = {
    path: endpoint
    for path, endpoint in Endpoints.endpoints().items()
    if endpoint.record is not None and "list" in endpoint.verbs
}


class Loaded(NamedTuple):
    """A client of a sandbox, and the resources that the sandbox lists."""

    run: Callable[[Any], Any]
    client: Sage200Client
    paths: list[str]


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    with asyncio.Runner() as runner:
        sandbox = Sandbox(records={"customers": 8, "sop_orders": 5, "products": 4})
        runner.run(sandbox.__aenter__())
        client = Sage200Client(sandbox.settings)
        runner.run(client.__aenter__())
        served = [path for path in LISTED if path in sandbox.store.tables]
        yield Loaded(runner.run, client, served)
        runner.run(client.close())
        runner.run(sandbox.__aexit__(None, None, None))


def plain_fields(endpoint: Endpoint[Any]) -> dict[str, Any]:
    """Return the fields of a record that are no related records, with their types."""
    record = endpoint.record
    kinds = names_of(type(record.fields))
    hints = typing.get_type_hints(record, include_extras=True)
    return {name: hints[name] for name in kinds if issubclass(kinds[name], Field)}


def build(kind: str, fields: dict[str, Any]) -> Any:
    """Return a type of one of the four kinds with these fields."""
    pairs = list(fields.items())
    if kind == "struct":
        return msgspec.defstruct("Own", pairs, kw_only=len(pairs) % 2 == 0)
    if kind == "dataclass":
        return dataclasses.make_dataclass("Own", pairs, kw_only=len(pairs) % 2 == 0)
    if kind == "dict":
        return TypedDict("Own", fields)
    return NamedTuple("Own", pairs)


@given(data=st.data())
def test_into_equals_select(loaded: Loaded, data: st.DataObject) -> None:
    """For any fields of any resource, the objects have what selected records have."""
    endpoint = LISTED[data.draw(st.sampled_from(loaded.paths), label="resource")]
    known = plain_fields(endpoint)
    names = data.draw(
        st.lists(st.sampled_from(list(known)), min_size=1, max_size=12, unique=True),
        label="fields",
    )
    kind = data.draw(st.sampled_from(["struct", "dataclass", "dict", "tuple"]))
    own = build(kind, {name: known[name] for name in names})
    query = loaded.client.run(endpoint.query).top(6)

    async def both() -> tuple[list[Any], list[Any]]:
        records = [record async for record in query.select(*names)]
        return records, [own_object async for own_object in query.into(own)]

    records, objects = loaded.run(both())
    values = [{name: getattr(record, name) for name in names} for record in records]
    assert objects == [own(**row) for row in values]
