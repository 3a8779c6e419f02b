"""Query options, read as the service reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.limits import PAGE_DEFAULT, PAGE_MAX
from sage200_async.sandbox.query.filters import Condition, column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.store.schema import Table

_OPTIONS: Final = frozenset(
    {
        "$select",
        "$filter",
        "$orderby",
        "$top",
        "$skip",
        "$expand",
        "$count",
        "$metadata",
    }
)
_ON_ONE: Final = frozenset({"$select", "$expand", "$metadata"})
_FILTERED_BY: Final = frozenset(
    {
        "confirmation_intent_type",
        "trader_id",
        "warehouse_id",
        "document_no",
        "document_date",
    }
)
_RESTRICTED: Final = {
    "sop_confirm_despatch": _FILTERED_BY,
    "sop_despatch_discrete_orders": _FILTERED_BY,
}
# The OpenAPI documents: these filter by a few of their fields only.
_ORDER_KEY: Final = re.compile(r"(\w+)(?: +(asc|desc))?", re.ASCII)
_FAR: Final = 2**62


class QueryOptionError(ValueError):
    """Query options that the service would refuse with 400."""


class Selection(Struct, frozen=True):
    """What of each record is served."""

    scalars: tuple[str, ...] | None = None
    """Plain fields that ``$select`` names; None for all."""
    members: tuple[str, ...] = ()
    """Members to serve."""
    inside: dict[str, tuple[str, ...]] = {}
    """For members of which ``$select`` names fields: which."""


class ParsedQuery(Struct, frozen=True):
    """A collection request, ready for the database."""

    selection: Selection
    where: str = "1"
    values: tuple[str | int | float, ...] = ()
    order: str = "key"
    top: int = PAGE_DEFAULT
    skip: int = 0
    count: bool = False
    metadata: bool | None = None
    follows: bool = False
    """Whether it asks for a page other than the first."""

    def within(self, where: str, values: tuple[str | int | float, ...]) -> ParsedQuery:
        """Give the same request, of those records only that meet a condition."""
        if where == "1":
            return self
        both = f"({where}) AND ({self.where})"
        return replace(self, where=both, values=(*values, *self.values))


def question(
    table: Table, query: Mapping[str, str], behaviour: Behaviour, salt: int
) -> ParsedQuery:
    """Read the options of a collection request.

    Args:
        table: The resource.
        query: The options, percent-decoded.
        behaviour: How to play what is unknown.
        salt: A number that makes an unspecified order differ each time.

    Raises:
        QueryOptionError: An option is unknown, malformed or lacks its companion.
        FilterError: ``$filter`` is malformed or compares what cannot be.
    """
    _only(query, _OPTIONS | {*table.parameters})
    if "$skip" in query and "$orderby" not in query:
        raise QueryOptionError("The $skip option must be used with $orderby.")
    where: str = "1"
    values: tuple[str | int | float, ...] = ()
    if "$filter" in query:
        condition = Condition(
            table, query["$filter"], ignore_case=behaviour.ignore_case
        )
        _allow(table, condition.names)
        where, values = condition.sql, tuple(condition.values)
    skip = _whole("$skip", query.get("$skip", "0"))
    return ParsedQuery(
        selection=selection(table, query, behaviour),
        where=where,
        values=values,
        order=_order(table, query, behaviour, salt),
        top=_top(query, behaviour),
        skip=0 if behaviour.ignore_skip else min(skip, _FAR),
        count=bool(_flag(query, "$count")),
        metadata=_flag(query, "$metadata"),
        follows=skip > 0 or _after_a_key(table, query.get("$filter", "")),
    )


def question_about_one(
    table: Table, query: Mapping[str, str], behaviour: Behaviour
) -> tuple[Selection, bool | None]:
    """Read the options of a request for one record.

    Returns:
        What to serve of it, and ``$metadata``.

    Raises:
        QueryOptionError: An option is unknown or malformed.
    """
    _only(query, _ON_ONE | {*table.parameters})
    return selection(table, query, behaviour), _flag(query, "$metadata")


def selection(
    table: Table, query: Mapping[str, str], behaviour: Behaviour
) -> Selection:
    """Read ``$select`` and ``$expand``.

    A dotted name in ``$select`` expands its member and trims it.

    Source: Sage 200 API guide, "Query parameters":
    ``$select=id,document_no,customer.id,customer.name``.
    """
    shape = table.shape
    expanded = _names(query["$expand"]) if "$expand" in query else []
    for name in expanded:
        if name not in shape.members and name not in table.extra_expands:
            raise QueryOptionError(
                f"$expand: {name!r} is not a member of {table.path}."
            )
    if "$select" not in query:
        return Selection(None, tuple(n for n in shape.members if n in expanded))
    scalars: list[str] = []
    named: set[str] = set()
    inside: dict[str, list[str]] = {}
    for name in _names(query["$select"]):
        member, _, rest = name.partition(".")
        if member not in (shape.members if rest else shape.scalars | shape.members):
            raise QueryOptionError(f"Could not find a property named '{name}'.")
        if rest:
            inside.setdefault(member, []).append(rest)
        elif member in shape.members:
            named.add(member)
        else:
            scalars.append(member)
    drop = behaviour.select_drops_expanded
    served = inside.keys() | {n for n in expanded if not drop or n in named}
    return Selection(
        tuple(name for name in shape.scalars if name in scalars),
        tuple(name for name in shape.members if name in served),
        {name: tuple(rest) for name, rest in inside.items() if name not in named},
    )


def _only(query: Mapping[str, str], known: frozenset[str]) -> None:
    for name in query:
        if name.startswith("$") and name not in known:
            raise QueryOptionError(f"The query parameter '{name}' is not supported.")


def _allow(table: Table, names: set[str]) -> None:
    allowed = _RESTRICTED.get(table.path)
    if allowed is not None and not names <= allowed:
        known = ", ".join(sorted(allowed))
        raise QueryOptionError(f"$filter: {table.path} is filtered by {known} only.")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise QueryOptionError(f"A list of names is expected, got {text!r}.")
    return names


def _order(
    table: Table, query: Mapping[str, str], behaviour: Behaviour, salt: int
) -> str:
    keys: list[str] = []
    seen: set[str] = set()
    for part in _names(query["$orderby"]) if "$orderby" in query else []:
        match = _ORDER_KEY.fullmatch(part)
        if match is None or match[1] not in table.shape.scalars:
            raise QueryOptionError(f"$orderby: {part!r} does not name a field.")
        name = match[1]
        if name in seen:
            # SQL Server, error 169: a column appears more than once in ORDER BY.
            raise QueryOptionError(f"$orderby: {name} is given more than once.")
        seen.add(name)
        sorted_by = column(table, name)
        if behaviour.ignore_case and table.shape.scalars[name] in {"text", "enum"}:
            sorted_by = f"fold({sorted_by})"
        keys.append(f"{sorted_by} {match[2] or 'asc'}")
    shuffled = behaviour.default_order == "shuffled"
    if "$orderby" not in query and not shuffled:
        keys += [_sorted(table, each) for each in table.order]
    if table.key not in seen:
        keys.append(f"(key * 7919 + {salt}) % 104729" if shuffled else "key")
    return ", ".join(keys)


def _sorted(table: Table, order: str) -> str:
    name, _, direction = order.partition(" ")
    return f"{column(table, name)} {direction or 'asc'}"


def _top(query: Mapping[str, str], behaviour: Behaviour) -> int:
    top = _whole("$top", query.get("$top", str(PAGE_DEFAULT)))
    if top > PAGE_MAX and behaviour.over_top == "error":
        raise QueryOptionError(f"$top: {PAGE_MAX} at most, got {top}.")
    return min(top, behaviour.max_top, PAGE_MAX)


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 40):  # noqa: PLR2004 - digits enough for any number
        raise QueryOptionError(
            f"{name}: a whole number is expected, got {text[:40]!r}."
        )
    return int(text)


def _flag(query: Mapping[str, str], name: str) -> bool | None:
    text = query.get(name)
    if text not in {None, "true", "false"}:
        raise QueryOptionError(f"{name}: true or false is expected, got {text!r}.")
    return None if text is None else text == "true"


def _after_a_key(table: Table, text: str) -> bool:
    match = re.search(rf"\b{table.key or 'id'} gt (\d+)", text)
    return match is not None and int(match[1]) > 0
