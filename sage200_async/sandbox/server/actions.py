"""POSTs that keep no record of their own: postings, defaults, copies, requests."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sage200_async.query.endpoint import load
from sage200_async.sandbox.data.enums import literals_in
from sage200_async.sandbox.data.values import Values as Maker
from sage200_async.sandbox.names import singular
from sage200_async.sandbox.server import writes
from sage200_async.sandbox.server.http_errors import missing
from sage200_async.sandbox.server.orders import DRAFT, NUMBERED
from sage200_async.sandbox.server.writes import WriteError
from sage200_async.sandbox.store.rows import encode
from sage200_async.sandbox.store.schema import shape_of
from sage200_async.wire.json_types import is_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.query.records import Record
    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.server.routes import Route
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Shape, Table
    from sage200_async.sandbox.store.store import Store

_LEDGERS: Final = {
    "bank": "bank_posted_transactions",
    "purchase": "purchase_posted_transactions",
    "sales": "sales_posted_transactions",
}
_FIRST_URN: Final = 1327
# prismatic-io/components, examplePayloads.ts: ``{"urn": 1327}``.
_SUMS: Final = {
    "document_goods_value": ("document_goods_value", "cheque_value"),
    "document_gross_value": (
        "document_goods_value",
        "document_tax_value",
        "cheque_value",
    ),
    "document_outstanding_value": (
        "document_goods_value",
        "document_tax_value",
        "cheque_value",
    ),
    "base_gross_value": ("document_goods_value", "document_tax_value", "cheque_value"),
}
# What a posted transaction's values are the sums of.
_COPIED_AS: Final = {"new_code": "code", "new_name": "name"}
_SEVERAL: Final = 2


def act(
    store: Store,
    route: Route,
    key: int | None,
    body: Values,
    behaviour: Behaviour,
) -> bytes:
    """Answer a POST, or a PUT, of what is never listed.

    Source:
        Postings give a URN, ``*_new`` persists nothing, ``*_duplicate`` makes a
        draft: the OpenAPI documents.

    Raises:
        WriteError: The body is not what the service takes.
        Problem: It is about a record that there is not.
    """
    answer = route.reply or route.model
    base, _, what = route.name.rpartition("_")
    values = _taken(route, body, behaviour)
    if answer is None:
        return encode(values)
    if shape_of(answer).scalars.keys() == {"urn"}:
        return _posted(store, route, values, behaviour)
    if what == "new":
        return encode(_defaulted(store, base, answer, key, values))
    if what == "duplicate":
        return encode(_copied(store, store.tables[base], values))
    if route.several:
        return encode(_made_up(store, answer))
    return encode(_answered(store, answer, body | values))


def _taken(route: Route, body: Values, behaviour: Behaviour) -> Values:
    """Read a body as far as its names are known."""
    if route.model is None or "update" in route.verbs:
        return body  # what creates take is not what the record is
    shape = shape_of(route.model)
    dates = behaviour.bare_dates
    values = writes.accepted(shape, body, bare_dates=dates)
    if name := writes.missing(shape, values):
        raise WriteError(f"{name}: a value is required.")
    return values


def _posted(store: Store, route: Route, values: Values, behaviour: Behaviour) -> bytes:
    """Post to a ledger, and tell the transaction's URN."""
    table = store.tables[_LEDGERS[route.name.partition("_")[0]]]
    _refuse_untaxed(values)
    urn = max(_FIRST_URN, *(_last_urn(store, path) + 1 for path in _LEDGERS.values()))
    shape = table.shape
    row = {name: value for name, value in values.items() if name in shape.scalars}
    for name, sources in _SUMS.items():
        if name in shape.scalars:
            row[name] = sum(
                (Decimal(values.get(each, 0)) for each in sources), Decimal(0)
            )
    row |= _kinds(store, shape, route.name)
    row |= {"urn": urn}
    if "posted_date" in shape.scalars and "transaction_date" in row:
        row["posted_date"] = row["transaction_date"]
    store.insert(table.path, row)
    return encode({"urn": str(urn) if behaviour.urn_as == "text" else urn})


def _refuse_untaxed(values: Values) -> None:
    """Refuse tax analysis that does not say which tax code it is.

    Source: hotgluexyz/target-sage-200: ``id`` is the tax code's; without it a
    SageNullFieldException comes back.
    """
    for item in values.get("tax_analysis_items") or ():
        if not item.get("id"):
            raise WriteError("SageNullFieldException: tax_analysis_items.id")


def _last_urn(store: Store, path: str) -> int:
    store.touch(path)
    sql = f"SELECT max(json_extract(body, '$.urn')) FROM \"{path}\""  # noqa: S608 - the catalog's
    return int(store.ask(sql)[0][0] or 0)


def _kinds(store: Store, shape: Shape, name: str) -> Values:
    """Give a posting's type: the literal that is called like the resource."""
    kind = singular(name).rpartition("_")[2]
    found: Values = {}
    for field in shape.scalars:
        if field.endswith("transaction_type"):
            known = literals_in(field, store.tables)
            alike = [each for each in known if kind in each.lower()]
            found[field] = alike[0] if alike else known[0]
    return found


def _defaulted(
    store: Store,
    base: str,
    answer: type[Record] | str,
    key: int | None,
    values: Values,
) -> Values:
    """Give a record with its defaults, or one that there is as it would be."""
    shape = shape_of(answer)
    if key is None:
        return writes.blank(shape) | _known(shape, values)
    try:
        return store.get(base, key) | _known(shape, values)
    except KeyError:
        raise missing(store.tables[base], key) from None


def _copied(store: Store, table: Table, values: Values) -> Values:
    """Copy a record with its rows; orders become drafts."""
    source = values.get("source_id", 0)
    try:
        old = store.get(table.path, source)
    except KeyError:
        raise missing(table, source) from None
    copy = _without_ids(old)
    if "code" in copy:
        copy["code"] = f"{copy['code']}-2"
    copy |= _known(table.shape, {_COPIED_AS.get(k, k): v for k, v in values.items()})
    if table.path in NUMBERED:
        copy |= DRAFT
    if "code" in table.shape.required and store.holds(
        table.path, {"code": copy["code"]}
    ):
        raise WriteError("The code already exists.")
    return store.insert(table.path, copy)


def _without_ids(record: Mapping[str, Any]) -> Values:
    """Copy a record and its rows as new ones."""
    return {
        name: [_without_ids(row) for row in value] if is_array(value) else value
        for name, value in record.items()
        if name not in {"id", "date_time_created", "date_time_updated"}
    }


def _made_up(store: Store, answer: type[Record] | str) -> list[Values]:
    maker, record = Maker(store.tables, lambda path: store.keys(path)[:1]), load(answer)
    if record is None:
        return []
    return [maker.record(record, "", index) for index in range(_SEVERAL)]


def _answered(store: Store, answer: type[Record] | str, values: Values) -> Values:
    """Answer with the record that a body names, or else with what it says."""
    shape, home = shape_of(answer), store.catalog.home(answer)
    key = (
        0
        if home is None
        else values.get("id") or values.get(f"{singular(home.path)}_id")
    )
    if home is not None and key:
        try:
            return store.get(home.path, key)
        except KeyError:
            raise missing(home, key) from None
    return writes.blank(shape) | _known(shape, values)


def _known(shape: Shape, values: Values) -> Values:
    """Keep what is a field, or a member of the right form, of another record."""
    return {
        name: value
        for name, value in values.items()
        if name in shape.scalars
        or (name in shape.members and is_array(value) is (name in shape.many))
    }
