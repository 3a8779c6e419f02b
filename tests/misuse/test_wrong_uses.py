"""Wrong uses: what each one says, before any request is sent.

`wrong_uses.txt` is the table: lines of code, then, indented, the error and its
whole message.
"""

import ast
import asyncio
import inspect
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings, any_of, field, raw
from sage200_async.auth.stores import store_at
from sage200_async.catalog import Customer, Endpoints, Product, Site
from sage200_async.errors import Sage200Error
from sage200_async.extract import Extraction
from sage200_async.sandbox import Sandbox
from sage200_async.transport.memory import MemoryTransport, reply

SETTINGS = Settings(access_token="token", site="guid", company=7)
TABLE = Path(__file__).with_name("wrong_uses.txt")
MODULE = {
    "Customer": Customer,
    "Endpoints": Endpoints,
    "Extraction": Extraction,
    "NamedTuple": NamedTuple,
    "Product": Product,
    "Sage200Client": Sage200Client,
    "Sandbox": Sandbox,
    "Settings": Settings,
    "Site": Site,
    "any_of": any_of,
    "datetime": datetime,
    "field": field,
    "raw": raw,
    "store_at": store_at,
}


def rows() -> Iterator[tuple[str, str]]:
    """Read the code and the error of each row."""
    code: list[str] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            yield "\n".join(code), line.strip()
            code = []
        elif line and not line.startswith("#"):
            code.append(line)


def names(memory: MemoryTransport) -> dict[str, Any]:
    """Return what the code of a row may use."""
    client = Sage200Client(SETTINGS, transport=memory)

    def without(name: str) -> Sage200Client:
        return Sage200Client(replace(SETTINGS, **{name: ""}), transport=memory)

    return MODULE | {
        "c": Customer.fields,
        "client": client,
        "customers": client.customers,
        "debtors": client.sales_aged_debtor_summary_views,
        "plan_of_suppliers": client.suppliers._stream().plan,
        "settings": SETTINGS,
        "without": without,
    }


async def run(code: str, memory: MemoryTransport) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    result = eval(compile(code, "wrong", "exec", flags=flags), names(memory))
    if inspect.isawaitable(result):
        await result


ROWS = list(rows())


@pytest.mark.parametrize(("code", "error"), ROWS, ids=[code for code, _ in ROWS])
def test_a_wrong_use_says_what_to_do(code: str, error: str) -> None:
    """A wrong use raises its error with this message, and sends nothing."""
    memory = MemoryTransport(lambda _: reply([]))
    with pytest.raises((Sage200Error, TypeError)) as caught:
        asyncio.run(run(code, memory))
    assert f"{caught.type.__name__}: {caught.value}" == error
    assert memory.requests == []


def test_there_are_enough() -> None:
    """The table has at least 60 wrong uses, each once."""
    codes = [code for code, _ in ROWS]
    assert len(codes) == len(set(codes)) >= 60
