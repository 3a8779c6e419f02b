"""A contract mock that is not ours: every model decodes what Prism makes up.

Prism reads Sage's documents with a parser of its own, refuses requests that do
not fit them, and answers with random values that do.
"""

import asyncio
import functools
import itertools
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.errors import ConnectError, Sage200Error
from sage200_async.wire.decode import decode_one

PRISM = os.environ.get("SAGE200_PRISM")
ID = 7
FIXED = {"enum": [ID]}
pytestmark = pytest.mark.skipif(
    not PRISM, reason="SAGE200_PRISM does not name Prism's command: nox -s contract"
)


@contextmanager
def mocked(document: Path) -> Iterator[str]:
    """Serve a document, and give where."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [str(PRISM), "mock", "--dynamic", "-p", port, str(document)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


def served_copy(text: str) -> dict[str, Any]:
    """Return a document in which a reply about one record has the id asked for.

    Prism makes up an id otherwise, and the client refuses another record's. What is
    below the record keeps its random ids, and request bodies stay as they are.
    """
    # Prism cannot write an object as `*/*`, which bank_transfer declares.
    document: dict[str, Any] = json.loads(text.replace('"*/*"', '"application/json"'))
    for path, operations in document["paths"].items():
        for method in operations.keys() & {"get", "put"}:
            if method == "put" or path.endswith("}"):
                content = operations[method]["responses"]["200"]["content"]
                reply = content["application/json"]
                reply["schema"] = with_id(reply["schema"], document)
    return document


def with_id(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a record, or of an array of them, with ID as its id."""
    if schema.get("type") == "array":
        return {**schema, "items": with_id(schema["items"], document), "minItems": 1}
    named = schema["$ref"].rpartition("/")[2]
    record = document["components"]["schemas"][named]
    properties = record["properties"]
    if "id" not in properties:
        return schema
    return {**record, "properties": properties | {"id": properties["id"] | FIXED}}


async def listed(client: Sage200Client, resource: Any) -> list[Any]:
    """Read one page as it comes: Prism's ids are random, and do not ascend."""
    response = await client.request("GET", resource.endpoint.path)
    return decode_one(response.body, list[resource.endpoint.record])


async def posted_bare(client: Sage200Client, resource: Any) -> Any:
    """Post without a body, and decode the reply as `create` does."""
    response = await client.request("POST", resource.endpoint.path)
    endpoint = resource.endpoint
    return decode_one(response.body, endpoint.reply_record or endpoint.record)


async def any_id(_: Any) -> int:
    """Return the id that the mock has in every reply about one record."""
    return ID


async def answers(client: Sage200Client) -> None:
    """Wait until the mock listens."""
    for _ in range(300):
        try:
            await client.sites()
        except ConnectError:
            await asyncio.sleep(0.2)
        except Sage200Error:
            return
        else:
            return
    raise AssertionError("the mock never answered")


async def faults_of(base_url: str, operations: list[Any], walk: Any) -> list[str]:
    reach, call = walk
    settings = Settings(
        base_url=base_url,
        access_token="t",
        site="s",
        company=1,
        max_attempts=1,
        check_inputs="off",  # bodies are as the documents have them
    )
    faults = []
    async with Sage200Client(settings) as client:
        await answers(client)
        for number, operation in enumerate(operations):
            try:
                resource, key = await reach(client, operation.path, any_id)
                read = functools.partial(listed, client)
                if operation.method == "POST" and operation.bodiless:
                    # Four that need a body declare none, and Prism refuses one.
                    await posted_bare(client, resource)
                    continue
                body = operation.body(f"U{number:07}", lambda _: ID)
                await call(resource, operation, key, body, read)
            except Sage200Error as error:
                faults.append(f"{operation.method} {operation.path}: {error!r}"[:400])
    return faults


def test_every_model_decodes_what_prism_makes_up(
    documents, operations, walk, tmp_path
) -> None:
    """Every operation is one that Prism takes, and its reply is one that we decode."""
    assert len(operations) == 710
    faults = []
    for name, group in itertools.groupby(operations, key=lambda each: each.document):
        served = tmp_path / f"{name}.json"
        text = (documents / served.name).read_text("utf-8")
        served.write_text(json.dumps(served_copy(text)), "utf-8")
        with mocked(served) as base_url:
            faults += asyncio.run(faults_of(base_url, list(group), walk))
    assert not faults, "\n".join(faults)
