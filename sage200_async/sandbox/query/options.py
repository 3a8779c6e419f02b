"""Query options other than ``$filter``: parsed, and turned into SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.limits import PAGE_DEFAULT, PAGE_MAX
from sage200_async.sandbox.query.filters import Condition
from sage200_async.sandbox.store.database import column_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.schema.tables import Table

_COLLECTION_OPTIONS: Final = frozenset(
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
_RECORD_OPTIONS: Final = frozenset({"$select", "$expand", "$metadata"})
_DESPATCH_FIELDS: Final = frozenset(
    {
        "confirmation_intent_type",
        "trader_id",
        "warehouse_id",
        "document_no",
        "document_date",
    }
)
_FILTERABLE: Final = {
    "sop_confirm_despatch": _DESPATCH_FIELDS,
    "sop_despatch_discrete_orders": _DESPATCH_FIELDS,
}
# The OpenAPI documents: these can be filtered by a few of their fields only.
_ORDER_KEY: Final = re.compile(r"(\w+)(?: +(asc|desc))?", re.ASCII)
_MAX_SKIP: Final = 2**62


class QueryOptionError(ValueError):
    """Query options that the service would refuse with 400."""


class Selection(Struct, frozen=True):
    """The parts of each record to serve: ``$select`` and ``$expand``."""

    scalars: tuple[str, ...] | None = None
    """Plain fields that ``$select`` names; None for all."""
    expandables: tuple[str, ...] = ()
    """Related records to serve."""
    related_fields: dict[str, tuple[str, ...]] = {}
    """Fields of a related record that ``$select`` names; without an entry, all."""


class ParsedQuery(Struct, frozen=True):
    """The options of a collection request, as SQL."""

    selection: Selection
    where: str = "1"
    """The SQL condition."""
    values: tuple[str | int | float, ...] = ()
    """Bound in the condition."""
    order_by: str = "key"
    """The SQL order."""
    top: int = PAGE_DEFAULT
    skip: int = 0
    count: bool = False
    metadata: bool | None = None
    is_later_page: bool = False
    """Whether it requests a page other than the first."""

    def narrowed(
        self, where: str, values: tuple[str | int | float, ...]
    ) -> ParsedQuery:
        """Return the same query with one more condition."""
        if where == "1":
            return self
        both = f"({where}) AND ({self.where})"
        return replace(self, where=both, values=(*values, *self.values))

    def without(self, name: str, table: Table) -> ParsedQuery:
        """Return the same query without one of the plain fields of *table*."""
        old = self.selection
        names = table.shape.scalars if old.scalars is None else old.scalars
        scalars = tuple(other for other in names if other != name)
        return replace(self, selection=replace(old, scalars=scalars))


def parse_collection_query(
    table: Table, query: Mapping[str, str], behaviour: Behaviour, salt: int
) -> ParsedQuery:
    """Return the options of a collection request, as SQL.

    Args:
        table: The resource.
        query: The options, percent-decoded.
        behaviour: The sandbox's switches.
        salt: A number that makes an unspecified order differ each time.

    Raises:
        QueryOptionError: An option is unknown or malformed, or ``$skip`` lacks
            ``$orderby``.
        FilterError: ``$filter`` is malformed, or a value does not fit its field.
    """
    _check_known(query, _COLLECTION_OPTIONS | {*table.parameters})
    if "$skip" in query and "$orderby" not in query:
        raise QueryOptionError("The $skip option must be used with $orderby.")
    where: str = "1"
    values: tuple[str | int | float, ...] = ()
    if "$filter" in query:
        condition = Condition(
            table, query["$filter"], ignore_case=behaviour.ignore_case
        )
        _check_filterable(table, condition.names)
        where, values = condition.sql, tuple(condition.values)
    skip = _whole_number("$skip", query.get("$skip", "0"))
    return ParsedQuery(
        selection=parse_selection(table, query, behaviour),
        where=where,
        values=values,
        order_by=_order_by(table, query, behaviour, salt),
        top=_top(query, behaviour),
        skip=0 if behaviour.ignore_skip else min(skip, _MAX_SKIP),
        count=bool(_flag(query, "$count")),
        metadata=_flag(query, "$metadata"),
        is_later_page=skip > 0 or _is_after_a_key(table, query.get("$filter", "")),
    )


def parse_record_query(
    table: Table, query: Mapping[str, str], behaviour: Behaviour
) -> tuple[Selection, bool | None]:
    """Return the options of a request for one record.

    Returns:
        What to serve of it, and ``$metadata``.

    Raises:
        QueryOptionError: An option is unknown or malformed.
    """
    _check_known(query, _RECORD_OPTIONS | {*table.parameters})
    return parse_selection(table, query, behaviour), _flag(query, "$metadata")


def parse_selection(
    table: Table, query: Mapping[str, str], behaviour: Behaviour
) -> Selection:
    """Return what ``$select`` and ``$expand`` ask for.

    A dotted name in ``$select`` expands a related record to that field.

    Source: Sage 200 API guide, "Query parameters":
    ``$select=id,document_no,customer.id,customer.name``.
    """
    expanded = _expanded_names(table, query)
    shape = table.shape
    if "$select" not in query:
        return Selection(None, tuple(n for n in shape.expandables if n in expanded))
    scalars, whole, related_fields = _selected_names(table, query["$select"])
    drop = behaviour.select_drops_expanded
    served = related_fields.keys() | {n for n in expanded if not drop or n in whole}
    return Selection(
        tuple(name for name in shape.scalars if name in scalars),
        tuple(name for name in shape.expandables if name in served),
        {
            name: tuple(fields)
            for name, fields in related_fields.items()
            if name not in whole
        },
    )


def _expanded_names(table: Table, query: Mapping[str, str]) -> list[str]:
    names = _names(query["$expand"]) if "$expand" in query else []
    for name in names:
        if name not in table.shape.expandables and name not in table.extra_expands:
            raise QueryOptionError(
                f"$expand: {name!r} cannot be expanded in {table.path}."
            )
    return names


def _selected_names(
    table: Table, text: str
) -> tuple[set[str], set[str], dict[str, list[str]]]:
    """Return the plain fields, the whole related records, and fields of such."""
    shape = table.shape
    scalars: set[str] = set()
    whole: set[str] = set()
    related_fields: dict[str, list[str]] = {}
    for name in _names(text):
        head, _, rest = name.partition(".")
        known = shape.expandables if rest else shape.scalars | shape.expandables
        if head not in known:
            raise QueryOptionError(f"Could not find a property named '{name}'.")
        if rest:
            related_fields.setdefault(head, []).append(rest)
        elif head in shape.expandables:
            whole.add(head)
        else:
            scalars.add(head)
    return scalars, whole, related_fields


def _check_known(query: Mapping[str, str], known: frozenset[str]) -> None:
    for name in query:
        if name.startswith("$") and name not in known:
            raise QueryOptionError(f"The query parameter '{name}' is not supported.")


def _check_filterable(table: Table, names: set[str]) -> None:
    allowed = _FILTERABLE.get(table.path)
    if allowed is not None and not names <= allowed:
        known = ", ".join(sorted(allowed))
        raise QueryOptionError(f"$filter: {table.path} is filtered by {known} only.")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise QueryOptionError(f"A list of names is expected, got {text!r}.")
    return names


def _order_by(
    table: Table, query: Mapping[str, str], behaviour: Behaviour, salt: int
) -> str:
    terms: list[str] = []
    names: set[str] = set()
    for part in _names(query["$orderby"]) if "$orderby" in query else []:
        match = _ORDER_KEY.fullmatch(part)
        if match is None or match[1] not in table.shape.scalars:
            raise QueryOptionError(f"$orderby: {part!r} does not name a field.")
        name = match[1]
        if name in names:
            # SQL Server, error 169: a column appears more than once in ORDER BY.
            raise QueryOptionError(f"$orderby: {name} is given more than once.")
        names.add(name)
        value = column_sql(table, name)
        if behaviour.ignore_case and table.shape.scalars[name] in {"text", "enum"}:
            value = f"fold({value})"
        terms.append(f"{value} {match[2] or 'asc'}")
    shuffled = behaviour.default_order == "shuffled"
    if "$orderby" not in query and not shuffled:
        terms += [_order_term(table, term) for term in table.default_order]
    if table.key not in names:
        terms.append(f"(key * 7919 + {salt}) % 104729" if shuffled else "key")
    return ", ".join(terms)


def _order_term(table: Table, term: str) -> str:
    name, _, direction = term.partition(" ")
    return f"{column_sql(table, name)} {direction or 'asc'}"


def _top(query: Mapping[str, str], behaviour: Behaviour) -> int:
    top = _whole_number("$top", query.get("$top", str(PAGE_DEFAULT)))
    if top > PAGE_MAX and behaviour.over_top == "error":
        raise QueryOptionError(f"$top: {PAGE_MAX} at most, got {top}.")
    return min(top, behaviour.max_top, PAGE_MAX)


def _whole_number(name: str, text: str) -> int:
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


def _is_after_a_key(table: Table, text: str) -> bool:
    match = re.search(rf"\b{table.key or 'id'} gt (\d+)", text)
    return match is not None and int(match[1]) > 0
