"""Operations on single records: each a class that a resource inherits from.

The resources of `resources` combine them. What a resource lacks is unknown to
a type checker, and raises `UnsupportedOperation` before any I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from sage200_async.errors import NotFound, QueryError
from sage200_async.odata.encoding import encode_query
from sage200_async.odata.options import select_and_expand
from sage200_async.query.bound_endpoint import BoundEndpoint
from sage200_async.query.bulk_writes import Changes, Insert, Values
from sage200_async.query.endpoint import Item
from sage200_async.query.input_rules import (
    encode_create,
    encode_update,
    encode_update_many,
)
from sage200_async.query.query import Query
from sage200_async.query.responses import (
    created_in,
    handed_on,
    is_page,
    read_again,
    reply_model,
    require_same_key,
    unknown_outcome,
    with_key,
)
from sage200_async.wire.payloads import adds_rows
from sage200_async.wire.single_record import (
    is_empty,
    read_many,
    read_one,
    require_ids,
    require_no_error,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import TypeVar

    N = TypeVar("N", bound=Item, default=Item)
else:
    from typing import TypeVar

    N = TypeVar("N", bound=Item)

R = TypeVar("R")
M = TypeVar("M")


class Parent(BoundEndpoint, Generic[N]):
    """A resource with other resources below its records."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __class_getitem__(cls, parameters: Any) -> Any:
            """Default N to `Item`, as type checkers do (PEP 696, Python 3.13)."""
            arguments = parameters if isinstance(parameters, tuple) else (parameters,)
            if len(cls.__parameters__) - len(arguments) == 1:
                arguments = (*arguments, Item)
            return super().__class_getitem__(arguments)

    def __getitem__(self, id: int | None) -> N:  # noqa: A002 - Sage's word for it
        """Return one record's path, to reach what is below it; no I/O.

        Example:
            >>> contacts = client.customers[27825].customer_contacts
            >>> contacts.url.partition("v1")[2]
            '/customers/27825/customer_contacts?$orderby=id&$top=5000'
        """
        self._require("[id]")
        kind = self.endpoint.item or Item
        path, size = self._item_path(id), self.options.page_size
        item: Any = kind(path, self.context, self._connection, size)
        typed: N = item
        return typed


class Get(Parent[N], Query, Generic[R, N]):
    """A resource whose records are read by id."""

    __slots__ = ()

    async def get(self, id: int | None) -> R:  # noqa: A002 - Sage's word for it
        """Read one record by its id; `select` and `expand` apply.

        A record's ``id`` is typed as optional, so None is accepted here by type
        checkers and refused at run time.

        Raises:
            NotFound: There is no record of that id.
            QueryError: The query has more than `select` and `expand`.

        Source:
            By id only ``$select``, ``$expand`` and ``$metadata`` are taken:
            SelectCo/sage200-api-client, README.

        Example:
            >>> async def name():
            ...     some = await client.customers.first()
            ...     return (await client.customers.select("name").get(some.id)).name
            >>> bool(run(name()))
            True
        """
        self._require("get", "select", "expand")
        key = self.endpoint.key
        query = encode_query(select_and_expand(with_key(self.options, key)))
        response = await self._send("GET", self._item_path(id), query)
        most = self.context.max_record_bytes
        record: R = read_one(response, self._model, key, id, max_bytes=most)
        return handed_on(record, self._model)

    def into(self, model: type[M]) -> Get[M, N]:
        """Read records into a type of your own, and only the fields that it has.

        See `CollectionQuery.into`.
        """
        return self._into(model, Get)  # type: ignore[no-any-return]


class Single(Query, Generic[R]):
    """A resource of one record, without an id."""

    __slots__ = ()

    async def get(self) -> R:
        """Read the record; `select` and `expand` apply.

        Raises:
            QueryError: The query has more than `select` and `expand`.
        """
        self._require("get", "select", "expand")
        query = encode_query(select_and_expand(self.options))
        response = await self._send("GET", self.endpoint.path, query)
        key, most = self.endpoint.key, self.context.max_record_bytes
        record: R = read_one(response, self._model, key, max_bytes=most)
        return handed_on(record, self._model)

    def into(self, model: type[M]) -> Single[M]:
        """Read the record into a type of your own, and only the fields that it has.

        See `CollectionQuery.into`.
        """
        return self._into(model, Single)  # type: ignore[no-any-return]


class Create(Insert[Values], Generic[R, Values]):
    """A resource in which records are created, one by one or many."""

    __slots__ = ()

    async def create(self, values: Values) -> R:
        """Create a record, and return it as the service does.

        It is sent once, and again only if it certainly never left.

        Raises:
            BadRequest: Sage refused it; ``detail`` is Sage's message.
            UnknownFieldError: The record has no field of that name.
            InvalidInput: Values are not of their fields' types, or break rules of
                Sage's: see `Settings.check_inputs`. All faults at once.
        """
        self._require("create")
        body = encode_create(self, values)
        path = self.endpoint.path
        response = await self._send("POST", path, body=body, idempotent=False)
        with unknown_outcome():
            created: R = created_in(self, response)
        return created


class Update(BoundEndpoint, Generic[R, Changes]):
    """A resource whose records are updated by id."""

    __slots__ = ()

    async def update(self, id: int | None, changes: Changes) -> R:  # noqa: A002
        """Change these fields of a record, and no others; return it as it is then.

        A service that sends no record back is asked for it by `get`.

        Related records with an ``id`` are changed, those without are added, and
        those with ``is_to_delete`` are removed.

        Raises:
            NotFound: There is no record of that id.
            BadRequest: Sage refused it; ``detail`` is Sage's message.
            UnknownFieldError: The record has no field of that name.
            InvalidInput: Values are not of their fields' types, or break rules of
                Sage's: see `Settings.check_inputs`. All faults at once.
            QueryError: There are no changes.

        Source:
            Sage 200 API guide, "Getting started".
        """
        self._require("update")
        body = encode_update(self, changes)
        path = self._item_path(id)
        if not changes:
            message = f"{path}: update takes one field or more to change, got none"
            raise QueryError(message)
        require_same_key(self.endpoint.key, id, changes)
        repeatable = not adds_rows(changes)
        response = await self._send("PUT", path, body=body, idempotent=repeatable)
        updated: R
        if is_empty(response):
            updated = await read_again(self, id)
            return updated
        with unknown_outcome():
            most = self.context.max_record_bytes
            model, key = reply_model(self), self.endpoint.key
            updated = read_one(response, model, key, id, max_bytes=most)
        return updated


class UpdateMany(BoundEndpoint, Generic[R, Changes]):
    """A resource in which many records are updated by one request."""

    __slots__ = ()

    async def update_many(self, rows: Sequence[Changes]) -> list[R]:
        """Change many records in one request; each row has its record's ``id``.

        A row without an ``id`` may add a record, so a request with one is not
        repeated. Without rows nothing is sent.

        Raises:
            BadRequest: Sage refused a row; ``detail`` is its message.
            UnknownFieldError: The record has no field of that name.
            InvalidInput: Values are not of their fields' types, or break rules of
                Sage's: see `Settings.check_inputs`. All faults at once.
            DecodeError: The response lacks a record that was sent.

        Source:
            PUT on a collection: five resources of the OpenAPI documents.
        """
        self._require("update_many")
        body = encode_update_many(self, rows)
        if not rows:
            return []
        repeatable = not adds_rows({"rows": rows})
        path = self.endpoint.path
        response = await self._send("PUT", path, body=body, idempotent=repeatable)
        if is_empty(response):
            return [await read_again(self, row.get("id")) for row in rows]
        with unknown_outcome():
            records = read_many(response, reply_model(self), self.endpoint.key)
            require_ids(records, rows, self.endpoint.key)
        return records


class Delete(BoundEndpoint):
    """A resource whose records are deleted by id."""

    __slots__ = ()

    async def delete(self, id: int | None) -> None:  # noqa: A002 - Sage's word for it
        """Delete a record.

        A 404 to a repeated request is a success: the first one deleted the
        record, and its response was lost.

        Raises:
            NotFound: There is no record of that id.
            Forbidden: The user's role does not allow it.
        """
        self._require("delete")
        try:
            response = await self._send("DELETE", self._item_path(id))
        except NotFound as error:
            if not error.maybe_sent_before or is_page(error):
                raise
            return
        with unknown_outcome():
            require_no_error(response, self.endpoint.key)
