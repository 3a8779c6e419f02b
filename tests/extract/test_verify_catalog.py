"""Each resource of the catalog, copied and compared: every type of column there is.

Everyday it is a third of the resources, drawn at random; in the thorough profile, all.
"""

import asyncio
import os
import random
from collections import defaultdict

from sage200_async import Sage200Client
from sage200_async.extract import (
    Extraction,
    database_at,
    export,
    files_at,
    run_many,
    verify,
)
from sage200_async.extract.run_many import Task
from sage200_async.odata.namespaces import Fields, names_of
from sage200_async.query.collection import CollectionQuery
from sage200_async.sandbox import Sandbox

SHARE = 1 if os.environ.get("HYPOTHESIS_PROFILE") in {"ci", "long"} else 3


def extractions(client, *layouts):
    """Yield extractions of resources, with all their related records."""
    attributes = ((name, getattr(client, name, None)) for name in dir(type(client)))
    queries = [named for named in attributes if isinstance(named[1], CollectionQuery)]
    for number in sorted(random.sample(range(len(queries)), len(queries) // SHARE)):
        name, query = queries[number]
        kinds = names_of(type(query.endpoint.record.fields))
        related = [field for field in kinds if issubclass(kinds[field], Fields)]
        layout = layouts[number % len(layouts)]
        expanded = query.expand(*related) if related else query
        yield Extraction(name=name, query=expanded, related=layout)


def test_what_an_export_of_any_resource_holds_is_equal(tmp_path, postgres):
    """A fresh copy is equal, whatever the resource, the destination and the layout."""
    destinations = {
        "sqlite": lambda: database_at(f"sqlite:///{tmp_path}/copy.db"),
        "duckdb": lambda: database_at(f"duckdb:///{tmp_path}/copy.duckdb", "north."),
        "postgres": lambda: database_at(postgres.url(), "verify_catalog."),
        "ndjson": lambda: files_at(tmp_path / "ndjson", "ndjson", compress="gzip"),
        "csv": lambda: files_at(tmp_path / "csv", "csv", neutralize_formulas=True),
        "parquet": lambda: files_at(tmp_path / "parquet", "parquet"),
    }
    kinds = defaultdict(set)

    async def copied(client, extraction, number):
        destination = list(destinations)[number % len(destinations)]
        target = destinations[destination]
        await export(client, extraction, target(), workers=2)
        result = await verify(client, extraction, target(), workers=2)
        assert result.equal, (destination, result.problems, result.differences[:1])
        if result.certificate.records:
            columns = [c.kind for table in extraction.tables for c in table.columns]
            kinds[destination] |= set(columns)
        return result.certificate.records

    async def main():
        async with Sandbox() as sandbox, Sage200Client(sandbox.settings) as client:
            tasks = [
                Task(
                    one.name,
                    one.query,
                    lambda one=one, number=number: copied(client, one, number),
                )
                for number, one in enumerate(extractions(client, "json", "tables"))
            ]
            return await run_many(tasks, concurrency=1)

    outcomes = asyncio.run(main())
    assert [outcome for outcome in outcomes if outcome.error] == []
    assert len(outcomes) > 250 / SHARE
    assert sum(bool(outcome.result) for outcome in outcomes) > 150 / SHARE
    assert len(kinds) == len(destinations)
    if SHARE == 1:
        assert sum(bool(outcome.result) for outcome in outcomes) > 200
        every = {"integer", "number", "text", "boolean", "datetime", "json"}
        assert all(seen == every for seen in kinds.values()), kinds


def test_what_is_read_without_rows_is_equal(tmp_path):
    """Files made of columns or lines are equal, with nested records, whatever the resource."""
    formats = ("parquet", "ndjson", "arrow")
    with_records = dict.fromkeys(formats, 0)

    async def main():
        async with Sandbox() as sandbox, Sage200Client(sandbox.settings) as client:
            for number, one in enumerate(extractions(client, "nested")):
                if one.query.endpoint.key is None:
                    continue
                kind = formats[number % len(formats)]
                sink = files_at(tmp_path, kind)
                await export(client, one, sink, workers=2)
                result = await verify(client, one, sink, workers=2)
                assert result.equal, (kind, result.problems, result.differences[:1])
                with_records[kind] += bool(result.certificate.records)

    asyncio.run(main())
    assert min(with_records.values()) > (50 if SHARE == 1 else 8)
