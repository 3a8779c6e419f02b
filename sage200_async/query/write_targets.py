"""What a job needs to know of a resource: where rows go, and how they are found again."""

from __future__ import annotations

import dataclasses
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct, defstruct
from msgspec.structs import replace

from sage200_async.errors import InvalidInput, QueryError
from sage200_async.odata.fields import Field, field
from sage200_async.odata.namespaces import Fields, look_up
from sage200_async.odata.plain_values import shown
from sage200_async.query.bound_endpoint import BoundEndpoint, connection_of
from sage200_async.query.input_rules import encode_row, places_of, rules_of
from sage200_async.query.records import Record
from sage200_async.query.responses import created_in, reply_model, unknown_outcome
from sage200_async.wire.json_types import Untyped, is_array, is_object
from sage200_async.wire.responses import read_rows
from sage200_async.wire.single_record import is_empty, read_one
from sage200_async.write.comparison import Comparison
from sage200_async.write.insert import InsertRules
from sage200_async.write.job import SETTLE, WriteJob
from sage200_async.write.journal_rows import JobIdentity
from sage200_async.write.look_up import LookUp
from sage200_async.write.target import Service, Target
from sage200_async.write.upsert import UpsertRules
from sage200_async.write.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sage200_async.query.endpoint import Endpoint
    from sage200_async.query.identity import Identity
    from sage200_async.wire.messages import Response
    from sage200_async.write.decisions import Rules
    from sage200_async.write.write_journal import Journal


def upsert_job(
    resource: BoundEndpoint,
    rows: object,
    *,
    by: str | Sequence[str] | None,
    nested_by: Mapping[str, str | Sequence[str]] | None,
    settle: float | None,
    **options: Any,
) -> WriteJob:
    """Return the job of `Upsert.upsert`.

    Raises:
        QueryError: Nobody knows by what records are found.
    """
    endpoint = resource.endpoint
    resource._require("upsert")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    identity = _identity_of(endpoint.path)
    is_key = identity is not None and identity.by == "key"
    fields = _names(by) or (identity.fields if identity and is_key else ())
    if not fields:
        raise _no_fields(endpoint.path, identity)
    if endpoint.key in fields:
        message = f"{endpoint.path}: Sage gives records their {endpoint.key}"
        raise QueryError(f"{message}; use update() to change one by it")
    nested = {name: _names(value) for name, value in (nested_by or {}).items()}
    for name in fields:
        _require_field(endpoint, name)
    for name in nested:
        _require_related(endpoint, name)
    target = _target(resource, endpoint, fields)
    comparison = Comparison(target.fields, places_of, nested)
    rules = UpsertRules(target, comparison)
    job = _identity("upsert", target, nested)
    return _job(
        resource,
        target,
        rows,
        identity=job,
        rules=lambda _: rules,
        settle=settle,
        **options,
    )


def _no_fields(path: str, identity: Identity | None) -> QueryError:
    """Return the error for records that an upsert could not find again."""
    if identity is None:
        return QueryError(
            f"{path}: nobody knows a field by which its records are found again; pass "
            "by='...', a field that no two records share"
        )
    return QueryError(
        f"{path}: its records have no key of their own to be looked up by; use insert(): it "
        f"finds them by the marker {identity.fields[0]}; or pass by='...', a field that no "
        "two records share"
    )


def insert_job(
    resource: BoundEndpoint,
    rows: object,
    *,
    marker: str | None,
    at_most_once: bool,
    settle: float | None,
    **options: Any,
) -> WriteJob:
    """Return the job of `Insert.insert`.

    Raises:
        QueryError: Nobody knows a marker.
    """
    endpoint = resource.endpoint
    resource._require("insert")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    identity = _identity_of(endpoint.path)
    if marker is None and identity is not None and identity.by == "marker":
        marker = identity.fields[0]
    if marker is None and not at_most_once:
        hint = "use upsert(), which looks them up by their key, or " if identity else ""
        message = (
            f"{endpoint.path}: nobody knows a field that finds its records again, so "
            f"that a row whose response is lost could be written twice; {hint}pass "
            "at_most_once=True: such a row ends as unknown, and is not sent again"
        )
        raise QueryError(message)
    found_in = endpoint
    if identity is not None and identity.resource != endpoint.path:
        catalog = import_module("sage200_async.catalog.endpoints")
        found_in = getattr(catalog.Endpoints, identity.resource)
    if marker is not None:
        _require_field(endpoint, marker)
        _require_field(found_in, marker)
    target = _target(resource, found_in, (marker,) if marker else ())
    job = _identity("insert", target, {})

    def rules(journal: Journal) -> Rules:
        return InsertRules(target, journal.token, is_new=journal.is_new)

    return _job(
        resource,
        target,
        rows,
        identity=job,
        rules=rules,
        settle=settle,
        marker=marker or "",
        **options,
    )


def _job(
    resource: BoundEndpoint,
    target: Target,
    rows: object,
    *,
    identity: JobIdentity,
    rules: Callable[[Journal], Rules],
    settle: float | None,
    marker: str = "",
    **options: Any,
) -> WriteJob:
    service = Service(target)
    work = Work(identity, target, service, LookUp(service, target), rules, marker)
    timeout = getattr(connection_of(resource), "settings", None)
    longest = max(SETTLE, getattr(timeout, "request_timeout", 0.0))
    return WriteJob(work, rows, settle=longest if settle is None else settle, **options)


def _target(
    resource: BoundEndpoint, found_in: Endpoint[Any], by: tuple[str, ...]
) -> Target:
    if by and found_in.key is None:
        message = f"{found_in.path}: records are looked up only where a key is known"
        raise QueryError(f"{message}; pass one, as in client.resource(path, key='id')")
    endpoint = resource.endpoint
    fields = found_in.fields
    return Target(
        connection=connection_of(resource),
        context=resource.context,
        path=endpoint.path,
        found_in=found_in.path,
        by=by,
        key=found_in.key or "id",
        fields=None if fields is None else type(fields),
        values_of=partial(_values_of, endpoint),
        encode=partial(_encode, resource),
        item_path=resource._item_path,  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        created=partial(_created, resource),
        updated=partial(_updated, resource),
        places=places_of,
    )


def _identity(
    operation: str, target: Target, nested: dict[str, tuple[str, ...]]
) -> JobIdentity:
    context = target.context
    return JobIdentity(
        operation=operation,
        resource=target.path,
        by=target.by,
        nested_by=nested,
        base_url=context.base_url.rstrip("/"),
        site=context.site.lower(),
        company=context.company,
    )


def _identity_of(path: str) -> Identity | None:
    """Return how new records of a resource are found again, as the catalog knows it."""
    catalog = import_module("sage200_async.catalog.identities")
    known: dict[str, Identity | None] = catalog.IDENTITIES
    return known.get(path)


def _names(names: str | Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        return ()
    return (names,) if isinstance(names, str) else tuple(names)


def _require_field(endpoint: Endpoint[Any], name: str) -> None:
    """Raise a QueryError where records cannot be looked up by a field *name*."""
    fields = endpoint.fields
    known = field(name) if fields is None else look_up(fields, name)
    if not isinstance(known, Field) or "." in name:
        message = f"{endpoint.path}: {name} is of related records: name a field"
        raise QueryError(f"{message} of the record itself")


def _require_related(endpoint: Endpoint[Any], name: str) -> None:
    """Raise a QueryError unless records have related records *name*."""
    fields = endpoint.fields
    if fields is not None and isinstance(look_up(fields, name), Field):
        message = f"{endpoint.path}: nested_by: {name} is a field, not related records"
        raise QueryError(message)


def _values_of(endpoint: Endpoint[Any], row: object) -> Mapping[str, Any]:
    """Return what of a row is written: of a record, what is not read-only.

    Raises:
        QueryError: It is neither a mapping nor a record.
    """
    if is_object(row):
        return row
    if isinstance(row, Record):
        values = _writable(row.to_dict(), endpoint.fields)
    elif isinstance(row, Struct):
        values = {name: getattr(row, name) for name in row.__struct_fields__}
    elif dataclasses.is_dataclass(row) and not isinstance(row, type):
        values = dataclasses.asdict(row)
    elif hasattr(row, "_asdict"):
        values = cast("Any", row)._asdict()
    else:
        raise QueryError(f"expected a mapping or a record, got {shown(row)}")
    key = endpoint.key
    return {k: value for k, value in values.items() if k != key and value is not None}


def _writable(values: Untyped, fields: Fields | None) -> Untyped:
    """Return *values* without what is read-only, in related records, too."""
    rules = None if fields is None else rules_of(type(fields))
    if fields is None or rules is None:
        return {}
    written = {k: v for k, v in values.items() if k == "id" or k not in rules.read_only}
    for name, value in written.items():
        inner = look_up(fields, name)
        if isinstance(inner, Field):
            continue
        if is_object(value):
            written[name] = _writable(dict(value), inner)
        elif is_array(value):
            written[name] = [_writable(dict(row), inner) for row in value]
    return written


def _encode(resource: BoundEndpoint, values: Mapping[str, Any]) -> tuple[bytes, str]:
    key = resource.endpoint.key
    if key is not None and values.get(key) is not None:
        fault = f"{key}: leave it out, Sage gives records their {key}"
        raise InvalidInput(fault, value=values[key], faults=(fault,))
    return encode_row(resource, values)


def _created(resource: BoundEndpoint, response: Response) -> Untyped:
    """Return what the response to a create shows."""
    response = replace(response, body=bytes(response.body))
    with unknown_outcome():
        created_in(resource, response)
    rows = read_rows(response, Untyped)
    return rows[0] if rows else {}


@cache
def _key_of(name: str, key: str) -> type[Struct]:
    """Return a record of its key alone: other fields may come in unknown forms."""
    return defstruct(name, [(key, Any, None)])


def _updated(resource: BoundEndpoint, response: Response, id: object) -> Untyped | None:  # noqa: A002
    """Return the record that the response to its update shows, if it shows one.

    Raises:
        DecodeError: It shows another, or something else.
    """
    if is_empty(response):
        return None
    response = replace(response, body=bytes(response.body))  # which is read twice
    with unknown_outcome():
        most, key = resource.context.max_record_bytes, resource.endpoint.key
        model = _key_of(reply_model(resource).__name__, key or "id")
        read_one(response, model, key, id, max_bytes=most)
        record: Untyped = read_one(response, Untyped, key, id, max_bytes=most)
        return record
