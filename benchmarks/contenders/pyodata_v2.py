# /// script
# dependencies = [
#   "pyodata==1.12.1",
#   "requests==2.34.2",
# ]
# ///
"""requests + pyodata, which reads OData 2.

Sage is no OData service: there is no ``$metadata`` and no envelope. So the server
gives it a ``$metadata`` with the same fields, and the same records as OData 2 writes
them: ``{"d": {"results": [...]}}``, decimals as text, times as ``/Date(...)/``.
Reading the metadata is not counted. It leaves decimals as text; the consumer turns the
balance into one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pyodata
import requests
from told import PAGE, microseconds, tell, timed


def service_at(url: str) -> Any:
    return pyodata.Client(url.rpartition("/")[0] + "/", requests.Session())


def read(service: Any) -> tuple[int, Any]:
    records, balance = 0, 0
    while True:
        asked = service.entity_sets.Customers.get_entities()
        page = asked.order_by("id").skip(records).top(PAGE).execute()
        for customer in page:
            records += 1
            balance += Decimal(customer.balance)
        if len(page) < PAGE:
            return records, balance


def stream(url: str, **_: str) -> dict[str, float]:
    service = service_at(url)
    return timed(lambda: read(service))


def query(url: str, times: int) -> dict[str, float]:
    service = service_at(url)

    def build(number: int) -> str:
        asked = service.entity_sets.Customers.get_entities()
        asked = asked.filter(balance__gt=number, name__startswith="A", on_hold=False)
        asked = asked.select("id,name")
        return f"{asked.get_path()}?{urlencode(asked.get_query_params())}"

    return microseconds(build, times)


if __name__ == "__main__":
    tell(stream=stream, query=query)
