# /// script
# dependencies = [
#   "pyodata==1.12.1",
#   "requests==2.34.2",
# ]
# ///
"""requests + pyodata, which reads OData 2.

Sage's API has no ``$metadata`` and no envelope. So the server adds a ``$metadata`` with
the same fields, and sends the same records in the form of OData 2:
``{"d": {"results": [...]}}``, decimals as text, times as ``/Date(...)/``. Reading the
metadata is not counted. pyodata leaves decimals as text; the consumer converts the
balance.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pyodata
import requests
from runner import PAGE, best_microseconds, measure_read, run_job


def service_at(url: str) -> Any:
    return pyodata.Client(url.rpartition("/")[0] + "/", requests.Session())


def read(service: Any) -> tuple[int, Any]:
    records, balance = 0, 0
    while True:
        entities = service.entity_sets.Customers.get_entities()
        page = entities.order_by("id").skip(records).top(PAGE).execute()
        for customer in page:
            records += 1
            balance += Decimal(customer.balance)
        if len(page) < PAGE:
            return records, balance


def stream(url: str, **_: str) -> dict[str, float]:
    service = service_at(url)
    return measure_read(lambda: read(service))


def query(url: str, times: int) -> dict[str, float]:
    service = service_at(url)

    def build(number: int) -> str:
        entities = service.entity_sets.Customers.get_entities()
        entities = entities.filter(
            balance__gt=number, name__startswith="A", on_hold=False
        )
        entities = entities.select("id,name")
        return f"{entities.get_path()}?{urlencode(entities.get_query_params())}"

    return best_microseconds(build, times)


if __name__ == "__main__":
    run_job(stream=stream, query=query)
