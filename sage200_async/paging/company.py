"""Whether a company can be reached at all, where nothing of it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import ExtractError
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.messages import Request
from sage200_async.wire.responses import read_rows

if TYPE_CHECKING:
    from sage200_async.settings import CompanyContext
    from sage200_async.transport.base import Transport


async def require_company(transport: Transport, context: CompanyContext) -> None:
    """Raise if the company is not among the sites.

    Source: realnetintegrations.com: after its tunnel is lost, ``GET /sites``
    of an on-premises server is empty.

    Raises:
        ExtractError: It is not: what seems to be empty may be out of reach.
    """
    request = Request(method="GET", base_url=context.base_url, path="sites")
    rows = read_rows(await transport.send(request), Untyped)
    if any(_is_company(row, context) for row in rows):
        return
    message = (
        f"the company {context.company} is not among the sites, so that no records do "
        "not mean that there are none; the tunnel to the server may be down: read again "
        "later"
    )
    raise ExtractError(message)


def _is_company(site: Untyped, context: CompanyContext) -> bool:
    same = str(site.get("site_id", "")).lower() == context.site.lower()
    return same and str(site.get("company_id", "")) == context.company
