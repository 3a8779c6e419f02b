"""Every verb of ten and more resources, asked of a server that answers anything."""

import asyncio
import unicodedata
from dataclasses import dataclass
from typing import Any

from answering import SETTINGS, AnsweringServer, FakeClock
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.errors import Sage200Error

TEXT_FIELDS = {
    "customers": "name",
    "suppliers": "name",
    "products": "name",
    "warehouses": "name",
    "nominal_codes": "name",
    "departments": "name",
    "couriers": "name",
    "sop_orders": "customer_document_no",
    "things": "name",
}
KEYED_VERBS = ("list", "count", "get", "create", "update", "delete")


@dataclass(frozen=True)
class Operation:
    """One verb of one resource, and what the right answer to it holds."""

    resource: str
    verb: str
    right: tuple[tuple[str, Any], ...]

    def __str__(self):
        return f"{self.resource} {self.verb}"

    @property
    def writes(self):
        return self.verb in {"create", "update", "update_many", "delete"}

    async def call(self, client):
        resource = (
            client.resource("things", key="id")
            if self.resource == "things"
            else getattr(client, self.resource)
        )
        changes = {name: value for name, value in self.right if name != "id"}
        match self.verb:
            case "list":
                return await resource.first()
            case "count":
                return await resource.count()
            case "get":
                ids = (5,) if "id" in dict(self.right) else ()
                return await resource.get(*ids)
            case "create":
                is_keyed = "id" in dict(self.right)
                return await resource.create(changes if is_keyed else {})
            case "update":
                return await resource.update(5, changes)
            case "update_many":
                return await resource.update_many([{"id": 5, **changes}])
        return await resource.delete(5)


def operations():
    for resource, field in TEXT_FIELDS.items():
        right = (("id", 5), (field, "Real"))
        for verb in KEYED_VERBS:
            yield Operation(resource, verb, right)
    for resource in ("departments", "couriers"):
        right = (("id", 5), (TEXT_FIELDS[resource], "Real"))
        yield Operation(resource, "update_many", right)
    yield Operation("licence", "get", (("is_sales_enabled", True),))
    yield Operation("bank_payment", "create", (("urn", 5),))
    yield Operation("suggested_products", "create", (("code", "Real"),))


OPERATIONS = list(operations())
VERBS = sorted({operation.verb for operation in OPERATIONS})


@dataclass
class Outcome:
    """What an operation ended with, and what the server saw."""

    server: AnsweringServer
    slept: list[float]
    result: Any = None
    error: Sage200Error | None = None

    @property
    def used(self):
        """The answers that were sent, the repeated last one once."""
        return self.server.script[: max(1, len(self.server.methods))]


def outcome_of(operation, script):
    """Let a client ask the server; errors that are not ours pass."""

    async def main():
        clock = FakeClock()
        async with AnsweringServer(script) as server:
            settings = replace(SETTINGS, base_url=server.url, refresh_token="")
            outcome = Outcome(server, clock.slept)
            async with (
                asyncio.timeout(60),
                Sage200Client(settings, clock=clock) as client,
            ):
                try:
                    outcome.result = await operation.call(client)
                except Sage200Error as error:
                    outcome.error = error
            return outcome

    return asyncio.run(main())


def texts_of(error):
    """Return what people read of an error."""
    return [str(error), *getattr(error, "__notes__", [])]


def require_short_and_clean(error):
    for text in texts_of(error):
        assert len(text) < 2_000
        kinds = {unicodedata.category(character) for character in text}
        assert not kinds & {"Cc", "Cs"}
        assert "hush-" not in text
