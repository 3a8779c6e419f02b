# /// script
# dependencies = [
#   "python-odata==0.8.1",
# ]
# ///
"""requests + python-odata, which reads OData 4.

Sage is no OData service: there is no ``$metadata`` and no envelope. So the server
gives it a ``$metadata`` with the same fields, and the same records as
``{"value": [...], "@odata.nextLink": ...}``, the way of paging that it follows by
itself. Reading the metadata is not counted. Its properties turn into decimals and times
only when they are looked at; the balance is. (With ``select`` it would give plain rows
of JSON, and be no more than requests + json.)
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from odata import ODataService
from told import added, microseconds, tell, timed


def service_at(url: str) -> tuple[Any, Any]:
    base = url.rpartition("/")[0] + "/"
    service = ODataService(base, reflect_entities=True, quiet_progress=True)
    return service, service.entities["Customers"]


def stream(url: str, **_: str) -> dict[str, float]:
    service, entity = service_at(url)
    return timed(lambda: added(service.query(entity), lambda row: row.balance))


def query(url: str, times: int) -> dict[str, float]:
    service, c = service_at(url)

    def build(number: int) -> str:
        asked = service.query(c).filter(c.balance > number)
        asked = asked.filter(c.name.startswith("A")).filter(c.on_hold == False)  # noqa: E712
        # Requests encodes it when it is sent; ours is encoded already.
        return quote(asked.select(c.id, c.name).as_string(), safe=":/?&=$,'()*")

    return microseconds(build, times)


if __name__ == "__main__":
    tell(stream=stream, query=query)
