"""What a table is the copy of: a company, a resource, a condition, a layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkConflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.query.collection import CollectionQuery

_VERSION: Final = 1


class Identity(Struct, frozen=True, kw_only=True):
    """What a copy is the copy of, as it lies beside the data.

    Page sizes, the spelling of the base URL and the columns are no part of it:
    columns may be added to a copy, and the other two change no row.
    """

    site: str
    company: str
    path: str
    """The resource, below the base URL."""
    filter: str = ""
    """The condition, as OData text; empty for all records."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Query parameters that only this resource takes, by name."""
    related: str = ""
    """How lists of related records are stored; empty where there are none."""
    version: int = _VERSION

    @classmethod
    def of(cls, query: CollectionQuery[Any], related: str = "") -> Self:
        """Return the identity of the copy of *query*, which is bound to a client."""
        context, options = query.context, query.options
        return cls(
            site=context.site.lower(),
            company=context.company,
            path=query.endpoint.path,
            filter="" if options.filter is None else str(options.filter),
            parameters=tuple(sorted(options.parameters)),
            related=related,
        )

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the identity that `encode` made *text* of.

        Raises:
            SinkConflict: It is none, or of a later version.
        """
        try:
            identity = msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            message = f"what the copy is of cannot be read: {error}; {_WAY_ON}"
            raise SinkConflict(message) from error
        if identity.version > _VERSION:
            message = (
                "the copy was made by a later version of sage200_async; update "
                "sage200_async, or build a new copy with --replace (replace=True)"
            )
            raise SinkConflict(message)
        return identity

    def encode(self) -> str:
        """Return it as JSON."""
        return msgspec.json.encode(self).decode()

    def __str__(self) -> str:
        parameters = f" {self._text('parameters')}" if self.parameters else ""
        related = f", related records as {self.related}" if self.related else ""
        condition = f" where {self.filter}" if self.filter else ""
        company = f"company {self.company} of site {self.site}"
        return f"{self.path}{parameters} of {company}{related}{condition}"

    def require_same(self, held: Identity, name: str) -> None:
        """Refuse to go on with a copy of something else.

        Args:
            held: The identity of the copy that is there.
            name: The name of the copy.

        Raises:
            SinkConflict: They differ.
        """
        differences = "; ".join(self._differences(held))
        if differences:
            raise SinkConflict(
                f"{name}: the copy is of another query: {differences}; {_WAY_ON}"
            )

    def _differences(self, held: Identity) -> Iterator[str]:
        for field in ("site", "company", "path", "filter", "parameters", "related"):
            wanted, stored = self._text(field), held._text(field)
            both = wanted and stored
            if wanted != stored and (both or field != "related"):
                label = _LABELS.get(field, field)
                yield f"its {label} is {_shown(stored)}, and here {_shown(wanted)}"

    def _text(self, field: str) -> str:
        if field == "parameters":
            return " ".join(f"{name}={value}" for name, value in self.parameters)
        return str(getattr(self, field))


_LABELS: Final = {"path": "resource", "related": "layout of related records"}
_WAY_ON: Final = (
    "choose another name or prefix for this one, or pass --replace (replace=True) "
    "to build a new copy in its place"
)


def _shown(text: str) -> str:
    return repr(text) if text else "empty"
