# /// script
# dependencies = [
#   "httpx==0.28.1",
#   "pydantic==2.14.4",
# ]
# ///
"""httpx + pydantic: a whole page is validated from its bytes in one call.

The types are the same as ours: decimals and aware times. httpx is faster without
asyncio, so its synchronous client is used.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from pydantic import TypeAdapter, create_model
from runner import PAGE, field_types, measure_read, run_job

TYPES = {
    "boolean": bool,
    "integer": int,
    "number": Decimal,
    "datetime": datetime,
    "text": str,
}


def read(url: str, adapter: TypeAdapter[Any]) -> tuple[int, Any]:
    records, balance = 0, 0
    condition: dict[str, str] = {}
    with httpx.Client() as client:
        while True:
            params = {**condition, "$orderby": "id", "$top": PAGE}
            page = adapter.validate_json(client.get(url, params=params).content)
            for customer in page:
                records += 1
                balance += customer.balance
            if len(page) < PAGE:
                return records, balance
            condition = {"$filter": f"id gt {page[-1].id}"}


def stream(url: str, fields: str) -> dict[str, float]:
    model_fields: dict[str, Any] = {
        name: (TYPES[type_name] | None, None)
        for name, type_name in field_types(fields).items()
    }
    adapter = TypeAdapter(list[create_model("Customer", **model_fields)])
    return measure_read(lambda: read(url, adapter))


if __name__ == "__main__":
    run_job(stream=stream)
