"""A query and its reply, as lies see them."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime

from lying.odata import holds, in_order, leaves, parse_filter, parse_order

AT_AN_EDGE = 2
# Records at most that are asked for where an end of an order is looked for.


@dataclass(frozen=True)
class Query:
    """What was asked."""

    path: str
    number: int
    filter: tuple | None = None
    order: tuple = ()
    top: int = 500
    skip: int = 0
    counts: bool = False
    select: tuple = ()

    @classmethod
    def of(cls, path, options, number):
        return cls(
            path,
            number,
            parse_filter(options.get("$filter", "")),
            tuple(parse_order(options.get("$orderby", ""))),
            int(options.get("$top", 500)),
            int(options.get("$skip", 0)),
            options.get("$count") == "true",
            tuple(options["$select"].split(",")) if "$select" in options else (),
        )

    @property
    def is_list(self):
        return self.path != "sites" and not self.counts

    @property
    def is_page(self):
        return self.is_list and self.top > AT_AN_EDGE

    @property
    def is_edge(self):
        """Whether it asks for a record or two from an end of an order."""
        return self.is_list and not self.is_page and bool(self.order) and not self.skip

    @property
    def descends(self):
        return bool(self.order) and self.order[0][1]

    @property
    def comparisons(self):
        return leaves(self.filter)

    @property
    def is_of_changes(self):
        return any(name == "date_time_updated" for _, name, _ in self.comparisons)

    @property
    def names_keys(self):
        return any(leaf[:2] == ("eq", "id") for leaf in self.comparisons)

    def matching(self, rows):
        return in_order([row for row in rows if holds(self.filter, row)], self.order)


@dataclass(frozen=True)
class Reply:
    """What is answered: rows or a count, in a wrapper or bare."""

    rows: list | None = None
    count: object = None
    wrapper: dict | None = None
    body: str | None = None
    headers: dict = field(default_factory=dict)
    content_type: str = "application/json"
    status: int = 200

    def but(self, **values):
        return replace(self, **values)

    def wrapped(self, **values):
        names = {name.replace("odata_", "@odata."): one for name, one in values.items()}
        return self.but(wrapper={**(self.wrapper or {}), **names})

    def text(self):
        if self.body is not None:
            return self.body
        value = self.rows if self.rows is not None else self.count
        if self.wrapper is not None:
            value = {**self.wrapper, "value": value}
        return json.dumps(value, default=_encode)


def _encode(value):
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value))


def honest(query, rows):
    """Return what a server answers that does not lie."""
    matching = query.matching(rows)
    if query.counts:
        return Reply(count=len(matching))
    page = matching[query.skip :][: min(query.top, 5000)]
    if query.select:
        page = [
            {name: row[name] for name in query.select if name in row} for row in page
        ]
    return Reply(rows=page)


def date_header(time):
    return {"Date": format_datetime(time, usegmt=True)}
