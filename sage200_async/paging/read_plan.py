"""A read in ranges that go to other processes, other machines or other engines."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from sage200_async._notebook import table, utc_text
from sage200_async.errors import QueryError
from sage200_async.odata.expressions import Expression, raw
from sage200_async.odata.fields import field
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.json_form import decoded, encoded
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.page_size import PageSize
from sage200_async.paging.plan import Plan

R = TypeVar("R")

VERSION: Final = 1
"""Of the JSON form. It is raised when a reader of the old one would go wrong."""
_RECORD: Final = re.compile(r"(sage200_async\.catalog(\.\w+)*:\w+)?")
_ID_LENGTH: Final = 32
# Hexadecimal digits: half of a SHA-256.


class FilterText(Expression, frozen=True):
    """A whole condition as text, in brackets where it is joined with others."""

    text: str

    def __str__(self) -> str:
        return self.text

    def precedence(self) -> int:
        """Return that of an ``or``: the loosest."""
        return 1


class RangeSource(Struct, frozen=True, kw_only=True):
    """What every range of a plan asks for, and of whom."""

    base_url: str
    site: str
    company: str
    path: str
    """The collection, below the base URL."""
    key: str
    """Its unique ascending key."""
    record: str = ""
    """The catalog's record as ``module:name``; empty for untyped records."""
    filter: str = ""
    """The condition as text, or empty for all records."""
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    page_size: int
    """Records in one request at most."""
    timeout: float | None = None
    """Seconds that the read of one range may take, or None for no limit."""

    @property
    def company_name(self) -> str:
        """Whose collection it is: the site and the company."""
        return f"{self.site}/{self.company}"

    def plan(self, page_size: int) -> Plan:
        """Return how the collection is read, in pages of *page_size* at most."""
        size = min(page_size, self.page_size)
        options = QueryOptions(
            select=self.select,
            expand=self.expand,
            parameters=self.parameters,
            page_size=size,
            timeout=self.timeout,
        )
        return Plan(
            path=self.path,
            options=options,
            key=self.key,
            mode="key",
            subqueries=(FilterText(self.filter) if self.filter else None,),
            page_size=PageSize(size, size),
            company=self.company_name,
        )


class ReadRange(Struct, Generic[R], frozen=True, kw_only=True):
    """One range of a `ReadPlan`, with all that is needed to read it elsewhere.

    `Sage200Client.read_range` reads it, in this process or in another. It can be
    pickled, and has a JSON form for engines. It holds the filter's text, and so
    what that says of people; it holds no token.
    """

    plan_id: str
    """The plan's own name."""
    number: int
    """Its position in the plan, from 0."""
    keys: KeyRange
    """Its keys: a record of the highest was there when the plan was made."""
    rows: int | None = None
    """Records in it when the plan was made, or nearly; None where nobody knows."""
    counted: bool = False
    """Whether the server counts records."""
    min_key: int
    """The lowest key of the whole collection when the plan was made."""
    max_key: int
    """The highest key of the whole collection when the plan was made."""
    began_at: float | None = None
    """When the plan was made, by the server's clock, in seconds since 1970."""
    source: RangeSource
    version: int = VERSION

    def to_json(self) -> bytes:
        """Return it as JSON."""
        return encoded(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> ReadRange[Any]:
        """Return the range that *data* holds.

        Raises:
            QueryError: It holds something else, or was written by a newer version.

        Example:
            >>> plan = run(client.customers.plan(parts=4))
            >>> from sage200_async import ReadRange
            >>> ReadRange.from_json(plan.ranges[2].to_json()) == plan.ranges[2]
            True
        """
        part: ReadRange[Any] = decoded(data, cls)
        _require_version(part)
        _require_harmless(part.source)
        return part

    def __repr__(self) -> str:
        return (
            f"ReadRange({self.source.path}, number={self.number}, {self.source.key} "
            f"above {self.keys.low} up to {self.keys.high}, plan={self.plan_id})"
        )


class ReadPlan(Struct, Generic[R], frozen=True, kw_only=True):
    """A read in ranges of keys, up to the highest key when it was made.

    Each range can be read by another process, or by another machine; `certify`
    makes one certificate of theirs. It can be pickled, and has a JSON form.
    """

    id: str
    """Its own name: a digest of all below, with the time at which it was made."""
    ranges: tuple[ReadRange[R], ...]
    """In ascending order, without gaps; none where there is nothing to read."""
    source: RangeSource
    query: str
    """The query of each range, without the range; empty where nothing can match."""
    min_key: int | None = None
    """The lowest key when it was made; None where nothing matched."""
    max_key: int | None = None
    """The highest key when it was made; None where nothing matched."""
    count: int | None = None
    """Records that matched when it was made, as the server counts them; None where
    it does not."""
    started_at: float
    """When it was made, in seconds since 1970, by the client's clock."""
    began_at: float | None = None
    """The same by the server's clock; None where it does not say."""
    version: int = VERSION

    @property
    def keys(self) -> KeyRange | None:
        """All keys that the ranges are to have; None where nothing matched.

        They begin below the lowest key: whatever lies there is read, too, and costs
        nothing, in case that the server was wrong about it.
        """
        if self.min_key is None or self.max_key is None:
            return None
        return KeyRange(min(0, self.min_key) - 1, self.max_key)

    def _repr_html_(self) -> str:
        ends = [part.keys.high for part in self.ranges]
        rows = {
            "id": self.id,
            "company": self.source.company_name,
            "query": self.query,
            "ranges": len(self.ranges),
            f"up to {self.source.key}": ", ".join(map(str, ends)),
            "count": self.count,
            "started_at": utc_text(self.started_at),
        }
        return table(f"plan of {self.source.path}", rows.items())

    @property
    def digest(self) -> str:
        """What `id` has to be, from all the rest."""
        return digest_of(
            self.source,
            self.query,
            (self.min_key, self.max_key, self.count),
            (self.started_at, self.began_at),
            [(part.keys.low, part.keys.high, part.rows) for part in self.ranges],
        )

    def to_json(self) -> bytes:
        """Return it as JSON."""
        return encoded(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> ReadPlan[Any]:
        """Return the plan that *data* holds.

        Raises:
            QueryError: It holds something else, or was written by a newer version.

        Example:
            >>> plan = run(client.customers.filter(on_hold=True).plan(parts=2))
            >>> from sage200_async import ReadPlan
            >>> ReadPlan.from_json(plan.to_json()) == plan
            True
        """
        plan: ReadPlan[Any] = decoded(data, cls)
        _require_version(plan)
        _require_harmless(plan.source)
        for part in plan.ranges:
            _require_harmless(part.source)
        return plan

    def __repr__(self) -> str:
        up_to = f" up to {self.source.key} {self.max_key}" if self.ranges else ""
        return (
            f"ReadPlan({self.source.path}, {len(self.ranges)} ranges{up_to}, "
            f"id={self.id})"
        )


def digest_of(*values: Any) -> str:
    """Return a name for *values* that no others have."""
    return hashlib.sha256(encoded(values)).hexdigest()[:_ID_LENGTH]


def _require_version(value: ReadPlan[Any] | ReadRange[Any]) -> None:
    if value.version != VERSION:
        kind = type(value).__name__
        message = (
            f"expected version {VERSION} of the JSON of a {kind}, got {value.version}: "
            "read it with the version of sage200_async that wrote it"
        )
        raise QueryError(message)


def _require_harmless(source: RangeSource) -> None:
    """Raise where foreign JSON would import something, or change a condition."""
    if not _RECORD.fullmatch(source.record):
        message = (
            f"expected a record of the catalog, got {source.record!r}: the JSON is not "
            "that of a plan"
        )
        raise QueryError(message)
    field(source.key)
    if source.filter:
        raw(source.filter)
