# /// script
# dependencies = [
#   "httpx==0.28.1",
#   "pydantic==2.14.4",
# ]
# ///
"""httpx + pydantic: a whole page is validated from its bytes in one call.

The same types as ours: decimals and aware times. httpx is faster without asyncio, so
that its plain client is what runs.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from pydantic import TypeAdapter, create_model
from told import PAGE, kinds, tell, timed

TYPES = {
    "boolean": bool,
    "integer": int,
    "number": Decimal,
    "datetime": datetime,
    "text": str,
}


def read(url: str, adapter: TypeAdapter[Any]) -> tuple[int, Any]:
    records, balance = 0, 0
    where: dict[str, str] = {}
    with httpx.Client() as client:
        while True:
            asked = {**where, "$orderby": "id", "$top": PAGE}
            page = adapter.validate_json(client.get(url, params=asked).content)
            for customer in page:
                records += 1
                balance += customer.balance
            if len(page) < PAGE:
                return records, balance
            where = {"$filter": f"id gt {page[-1].id}"}


def stream(url: str, fields: str) -> dict[str, float]:
    given: dict[str, Any] = {
        name: (TYPES[kind] | None, None) for name, kind in kinds(fields).items()
    }
    adapter = TypeAdapter(list[create_model("Customer", **given)])
    return timed(lambda: read(url, adapter))


if __name__ == "__main__":
    tell(stream=stream)
