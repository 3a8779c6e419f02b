"""How the sandbox plays what is unknown of the real service, and its faults."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sage200_async.limits import PAGE_MAX


class Behaviour(Struct, kw_only=True):
    """Knobs of a running sandbox; each may be changed between two requests.

    The defaults play the service as documented. What nobody outside Sage knows
    has a knob with the likeliest answer as its default.
    """

    edition: Literal["professional", "standard"] = "professional"
    """Which Sage 200 it is: Standard has a base path of its own, and lacks some paths."""
    urn_as: Literal["number", "text"] = "number"
    """How a ledger's POST gives its URN. RecordedRequest as a number, documented as text."""
    max_top: int = PAGE_MAX
    """Records in one page at most. Servers before 2019 clamp lower: 500 or 1000."""
    over_top: Literal["clamp", "error"] = "clamp"
    """What ``$top`` above 5000 brings: fewer records, or 400. Unknown of Sage."""
    default_order: Literal["key", "shuffled"] = "key"
    """The order where ``$orderby`` leaves it open; ``shuffled`` differs each time."""
    ignore_skip: bool = False
    """Serve the first page again for every ``$skip``, as some endpoints have."""
    out_of_order: bool | Literal["swap", "reverse"] = False
    """Spoil every page but the first: swap its first two rows (True), or reverse it."""
    count_shape: Literal["number", "object", "odata", "list"] = "number"
    """What ``$count=true`` brings: ``7``, ``{"count": 7}``, OData's object, or the page.

    Unknown of Sage.
    """
    metadata_shape: Literal["list", "object"] = "list"
    """What ``$metadata`` brings: a list of fields, or an object by name. Unknown."""
    wrap_value: bool = False
    """Wrap collections as ``{"value": [...]}``, as some clients report."""
    select_drops_expanded: bool = False
    """With ``$select``, leave out expanded members that it does not name. Unknown."""
    ignore_case: bool = False
    """Compare text without regard to case, as a SQL Server commonly does. Unknown."""
    parts_move_owners: bool = True
    """Move a customer's ``date_time_updated`` with a write to a contact. Unknown."""
    bare_dates: bool = False
    """Accept dates without a time in bodies; the service is said to refuse them."""
    max_query: int = 0
    """Bytes of a query at most, past which IIS answers 404.15; 0 for no limit."""
    consent: Literal["grant", "ask"] = "grant"
    """Whether the authorize page sends the browser back at once, or asks first."""
    forge_state: bool = False
    """Send the browser back with another state, as whoever forges a sign-in would."""
    code_seconds: float = 60.0
    """Seconds for which an authorization code is good."""
    rotate: bool = True
    """Give a new refresh token with each refresh."""
    reuse_detection: bool = True
    """Kill every refresh token of a sign-in when a used one comes again, as Auth0."""
    reuse_seconds: float = 0.0
    """Seconds for which a used refresh token still works: Auth0's overlap. Unknown."""
    token_seconds: int = 28_800
    """Seconds that an access token lives."""
    token_delay: float = 0.0
    """Seconds before the token endpoint answers."""
    delay: float = 0.0
    """Seconds before each API request is answered."""
    slow_above: int = 0
    """Records above which a page takes longer than anybody waits; 0 for no such limit."""
    slow_as: Literal["504", "silence"] = "504"
    """How that shows: the gateway gives up first, or the client has to."""
    empty_sites: bool = False
    """Answer ``GET /sites`` with ``[]``, as when the tunnel to a server is lost."""
    forbidden: frozenset[str] = frozenset()
    """What the user's role may not use, 403: resources, or areas such as ``sop``."""
    compress: bool = False
    """Compress replies for clients that accept it."""
