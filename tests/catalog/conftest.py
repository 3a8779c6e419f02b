"""Sage's own documents, walked: each operation, called through the client."""

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

BESIDE = Path(__file__).parents[3] / "shared" / "openapi"
DOCUMENTS = Path(os.environ.get("SAGE200_OPENAPI", BESIDE))
Refer = Callable[[str], int]
Pick = Callable[[Any], Awaitable[int]]
METHODS = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE"}


class Operation(NamedTuple):
    """One operation, as the documents declare it."""

    document: str
    method: str
    path: str
    schema: dict[str, Any]
    """The schema of its body; empty where there is none."""
    many: bool
    """Whether its body is an array."""
    bodiless: bool
    """Whether the documents declare no body at all."""

    def body(self, unique: str, refer: Refer) -> dict[str, Any]:
        """Make what it requires, its texts different each time.

        An update that requires nothing gets one field, since the client refuses
        one without changes.
        """
        properties = self.schema.get("properties", {})
        required = {
            name: refer(name)
            if (name == "id" or name.endswith("_id"))
            and properties[name]["type"] != "string"
            else sample(properties[name], unique)
            for name in self.schema.get("required", [])
        }
        if self.method == "PUT" and not required:
            return change(properties, unique)
        return required


def sample(schema: dict[str, Any], unique: str) -> Any:
    """Make a value of a scalar type."""
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    if schema["type"] == "string":
        return unique[-schema.get("maxLength", 8) :]
    return {"boolean": True, "array": [], "object": {}}.get(schema["type"], 1)


def change(properties: dict[str, Any], unique: str) -> dict[str, Any]:
    """Make one field of *properties*: the first text, or else all the numbers."""
    for name, schema in properties.items():
        if schema.get("type") == "string" and "format" not in schema:
            return {name: sample(schema, unique)}
    numbers = (name for name in properties if properties[name].get("type") == "number")
    return dict.fromkeys(numbers, 1)


@pytest.fixture(scope="session")
def documents() -> Path:
    """Return the folder of Sage's documents; they are Sage's, and not committed."""
    if not DOCUMENTS.is_dir():
        pytest.skip("Sage's OpenAPI documents are not beside the project")
    return DOCUMENTS


@pytest.fixture(scope="session")
def operations(documents: Path) -> list[Operation]:
    """Read every distinct operation from the documents themselves."""
    found: dict[tuple[str, str], Operation] = {}
    for file in sorted(documents.glob("*.json")):
        document = json.loads(file.read_bytes())
        for operation in operations_in(file.stem, document):
            found.setdefault((operation.method, operation.path), operation)
    return list(found.values())


def operations_in(name: str, document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method not in METHODS:
                continue
            content = operation.get("requestBody", {}).get("content", {})
            schema = next(iter(content.values()), {}).get("schema", {})
            many = schema.get("type") == "array"
            schema = schema["items"] if many else schema
            if "$ref" in schema:
                named = schema["$ref"].rpartition("/")[2]
                schema = document["components"]["schemas"][named]
            bodiless = "requestBody" not in operation
            yield Operation(name, METHODS[method], path, schema, many, bodiless)


async def reach(client: Any, path: str, pick: Pick) -> tuple[Any, int | None]:
    """Go down *path* from the client, by ids that *pick* gives.

    It ends in a resource, and in an id where the path ends in one.
    """
    first, *rest = path.strip("/").split("/")
    here = getattr(client, first)
    while rest:
        assert rest.pop(0).startswith("{"), path
        key = await pick(here)
        if not rest:
            return here, key
        here = getattr(here[key], rest.pop(0))
    return here, None


async def call(
    resource: Any, operation: Operation, id: int | None, body: Any, listed: Any
) -> Any:
    """Do what *operation* does, as a user would; *listed* reads a collection."""
    if operation.path == "/sites":  # the client's own: it needs no company
        return await resource()
    match operation.method, id, operation.many:
        case "GET", None, _ if "list" in resource.endpoint.verbs:
            return await listed(resource)
        case "GET", None, _:
            return await resource.get()
        case "GET", _, _:
            return await resource.get(id)
        case "POST", _, _:
            return await resource.create(body)
        case "PUT", None, True:
            return await resource.update_many([body])
        case "PUT", _, _:
            return await resource.update(id, body)
        case _:
            return await resource.delete(id)


@pytest.fixture(scope="session")
def walk():
    """Return the two steps of a walk: reach a resource, then call it."""
    return reach, call
