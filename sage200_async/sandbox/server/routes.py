"""Every path that the sandbox serves, and what each can do."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sage200_async.query.operations import Single
from sage200_async.query.records import Record
from sage200_async.sandbox.schema.catalog import all_endpoints, is_kind, load_catalog
from sage200_async.sandbox.schema.tables import area_of

if TYPE_CHECKING:
    from sage200_async.query.endpoint import Endpoint


class Route(Struct, frozen=True):
    """One path of the catalog, with or without an id at its end."""

    names: tuple[str, ...]
    """The path without its ids."""
    verbs: frozenset[str]
    model: type[Record] | str | None
    """The record type of its request bodies, and of its responses by default."""
    reply_record: type[Record] | str | None
    """The record type of responses to writes, if that is another one."""
    is_single: bool
    """Whether it is one object, not a collection."""
    returns_many: bool
    """Whether a write is answered with several records."""
    has_table: bool
    """Whether its records are stored; otherwise it is an action such as a posting."""
    professional_only: bool
    area: str
    """The Sage 200 module that it belongs to, such as ``sop``."""

    @property
    def name(self) -> str:
        """The last of its names, which is the name of its table."""
        return self.names[-1]


@functools.cache
def load_routes() -> dict[tuple[str, ...], Route]:
    """Return every route, by its path without ids."""
    tables = load_catalog().tables
    return {
        names: _route(names, endpoint, has_table=names[-1] in tables)
        for names, endpoint in all_endpoints().items()
    }


def _route(
    names: tuple[str, ...], endpoint: Endpoint[Any], *, has_table: bool
) -> Route:
    return Route(
        names,
        frozenset(endpoint.verbs),
        endpoint.model,
        endpoint.reply,
        is_single=is_kind(endpoint, Single),
        returns_many=endpoint.creates_many,
        has_table=has_table,
        professional_only=endpoint.professional_only,
        area=area_of(endpoint.model or endpoint.reply),
    )
