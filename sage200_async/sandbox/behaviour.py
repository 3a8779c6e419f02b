"""Switches of a running sandbox: what is unknown of Sage, and what can go wrong."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sage200_async.limits import PAGE_MAX


class Behaviour(Struct, kw_only=True):
    """Switches of a sandbox; each may be changed between two requests.

    By default it behaves as Sage documents. What Sage does not document
    ("Unknown." below) has a switch, and the most likely behaviour as default.
    """

    edition: Literal["professional", "standard"] = "professional"
    """Standard has another base path, and lacks some paths."""
    urn_as: Literal["number", "text"] = "number"
    """JSON type of the URN that a posting returns: seen as number, documented as text."""
    max_top: int = PAGE_MAX
    """Most records in one page. Servers before 2019 have a lower limit: 500 or 1000."""
    over_top: Literal["clamp", "error"] = "clamp"
    """What ``$top`` above 5000 brings: fewer records, or 400. Unknown."""
    default_order: Literal["key", "shuffled"] = "key"
    """The order without ``$orderby``; ``shuffled`` differs each time."""
    ignore_skip: bool = False
    """Return the first page again for every ``$skip``, as some endpoints have done."""
    out_of_order: bool | Literal["swap", "reverse"] = False
    """On every page but the first, swap the first two rows (True), or reverse all."""
    count_shape: Literal["number", "object", "odata", "list"] = "number"
    """What ``$count=true`` brings: ``7``, ``{"count": 7}``, OData's object, or the page.

    Unknown.
    """
    metadata_shape: Literal["list", "object"] = "list"
    """What ``$metadata`` brings: a list of fields, or an object by name. Unknown."""
    metadata_by_id: Literal["record", "fields"] = "record"
    """What ``$metadata`` of one record brings: the record was seen. Unknown."""
    wrap_value: bool = False
    """Wrap collections as ``{"value": [...]}``, as some clients report."""
    select_drops_expanded: bool = False
    """With ``$select``, omit expanded records that it does not name. Unknown."""
    ignore_case: bool = False
    """Compare text case-insensitively, as a SQL Server commonly does. Unknown."""
    touch_owners: bool = True
    """Whether a write to a contact changes its customer's timestamp. Unknown."""
    allow_bare_dates: bool = False
    """Accept dates without a time in bodies; the service is said to refuse them."""
    unknown_names: Literal["ignore", "refuse"] = "ignore"
    """Names in bodies that no field has. A public Singer target has always sent one."""
    nulls: Literal["refuse", "ignore"] = "refuse"
    """Null for a field in a body: said to be refused, but a shop perhaps sends it."""
    missing_fields: Literal["refuse", "take"] = "refuse"
    """New records without a field that the OpenAPI documents require."""
    missing_warehouse: Literal["refuse", "take"] = "take"
    """Standard lines without a warehouse. Documented as required; clients omit it."""
    long_texts: Literal["refuse", "take"] = "refuse"
    """Texts with more characters than documented. A Singer target saw them refused."""
    unknown_enum_values: Literal["refuse", "take"] = "refuse"
    """Values that an enum cannot have. Unknown."""
    dangling_ids: Literal["refuse", "take"] = "refuse"
    """Ids in bodies that no record has. Unknown."""
    referenced_deletes: Literal["refuse", "take"] = "refuse"
    """Deletes of records that others refer to, and of holdings with stock. Unknown."""
    duplicate_keys: Literal["refuse", "take"] = "refuse"
    """A reference or code that is in use. Refused: Sage's guide, for customers."""
    changed_references: Literal["refuse", "take"] = "refuse"
    """Changes of a reference or code. A Singer target never sends them: inference."""
    max_query: int = 0
    """Most bytes of a query; beyond, 404 as from IIS (404.15). 0 for no limit."""
    consent: Literal["grant", "ask"] = "grant"
    """Whether the authorization page redirects back at once, or asks first."""
    forge_state: bool = False
    """Redirect back with another state, as a forged sign-in would."""
    missing_audience: Literal["opaque", "assumed"] = "opaque"
    """What a sign-in without ``audience`` brings: a token that the API refuses, as
    Auth0 does, or one as if it had been there. Unknown."""
    code_seconds: float = 60.0
    """Seconds for which an authorization code is valid."""
    rotate: bool = True
    """Issue a new refresh token with each refresh."""
    reuse_detection: bool = True
    """Revoke all refresh tokens of a sign-in if a used one comes again, as Auth0."""
    reuse_seconds: float = 0.0
    """Seconds for which a used refresh token still works: Auth0's overlap. Unknown."""
    token_seconds: int = 28_800
    """Seconds for which an access token is valid."""
    token_delay: float = 0.0
    """Seconds before the token endpoint responds."""
    delay: float = 0.0
    """Seconds before each API request is handled."""
    slow_above: int = 0
    """Records above which a page times out. 0 for no limit."""
    slow_as: Literal["504", "silence"] = "504"
    """How such a page times out: at the gateway, or at the client."""
    empty_sites: bool = False
    """Answer ``GET /sites`` with ``[]``, as when the tunnel to a server is lost."""
    tenant_ids: bool = True
    """Whether ``/sites`` has ``tenant_id``. Three public clients have seen it, Sage's
    documents and live tests of January 2025 lack it."""
    forbidden: frozenset[str] = frozenset()
    """What the user's role may not use (403): resources, or areas such as ``sop``."""
    compress: bool = False
    """Compress responses for clients that accept it."""
