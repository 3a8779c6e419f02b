"""Where a stream ends: which page is the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.limits import PAGE_DEFAULT

if TYPE_CHECKING:
    from sage200_async.paging.plan import Plan


class LastPage:
    """Decides by its length whether a page is the last of its subquery.

    A page is the last when it is shorter than requested *and* shorter than a
    size that this server is known to serve: older servers return fewer records
    than ``$top`` asks for. That size is 500, which all of them serve.

    Args:
        learns: Whether a larger page that came raises it. The workers of a
            parallel read see pages of one server and may; a stream does not,
            since its plan may go on elsewhere.

    Source:
        500 without ``$top``: Sage 200 API guide, "Query parameters".
    """

    def __init__(self, *, learns: bool = False) -> None:
        self._learns = learns
        self._known_to_serve = PAGE_DEFAULT

    def ends(self, plan: Plan, served: int) -> bool:
        """Return whether a page of *served* records ends its subquery."""
        is_last = served < min(plan.requested, self._known_to_serve)
        if self._learns:
            self._known_to_serve = max(self._known_to_serve, served)
        return is_last
