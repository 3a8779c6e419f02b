# /// script
# dependencies = [
#   "python-odata==0.8.1",
# ]
# ///
"""requests + python-odata, which reads OData 4.

Sage's API has no ``$metadata`` and no envelope. So the server adds a ``$metadata`` with
the same fields, and sends the same records as
``{"value": [...], "@odata.nextLink": ...}``, a link that python-odata follows by itself.
Reading the metadata is not counted. Properties are converted to decimals and times only
when they are read; the balance is. (With ``select`` it returns plain rows of JSON, and
is no more than requests + json.)
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from odata import ODataService
from runner import best_microseconds, count_and_sum, measure_read, run_job


def service_at(url: str) -> tuple[Any, Any]:
    base = url.rpartition("/")[0] + "/"
    service = ODataService(base, reflect_entities=True, quiet_progress=True)
    return service, service.entities["Customers"]


def stream(url: str, **_: str) -> dict[str, float]:
    service, entity = service_at(url)
    return measure_read(
        lambda: count_and_sum(service.query(entity), lambda row: row.balance)
    )


def query(url: str, times: int) -> dict[str, float]:
    service, c = service_at(url)

    def build(number: int) -> str:
        query = service.query(c).filter(c.balance > number)
        query = query.filter(c.name.startswith("A")).filter(c.on_hold == False)  # noqa: E712
        # Requests encodes it when it is sent; ours is encoded already.
        return quote(query.select(c.id, c.name).as_string(), safe=":/?&=$,'()*")

    return best_microseconds(build, times)


if __name__ == "__main__":
    run_job(stream=stream, query=query)
