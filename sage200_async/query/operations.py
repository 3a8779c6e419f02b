"""Resources by what they can do; the names of the classes are their verbs.

A `CollectionQuery` is listed only; a `Resource` is listed, read by id, created, updated and
deleted. What a resource lacks is unknown to a type checker, and raises before
any I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic

from sage200_async.errors import DecodeError, NotFound
from sage200_async.odata.encoding import encode_query
from sage200_async.odata.options import select_and_expand
from sage200_async.query.collection import CollectionQuery
from sage200_async.query.endpoint import Item
from sage200_async.query.query import Query
from sage200_async.wire.payloads import adds_rows, encode_input, encode_inputs
from sage200_async.wire.responses import read_one

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from sage200_async.wire.messages import Response

    N = TypeVar("N", bound=Item, default=Item)
else:
    from typing import TypeVar

    N = TypeVar("N", bound=Item)

R = TypeVar("R")
Reply = TypeVar("Reply")
Values = TypeVar("Values", bound=Mapping[str, Any])
Changes = TypeVar("Changes", bound=Mapping[str, Any])


class Parent(Query, Generic[N]):
    """A resource that is a way to what lies below its records."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __class_getitem__(cls, parameters: Any) -> Any:
            """Take N for granted, as type checkers do (PEP 696, Python 3.13)."""
            given = parameters if isinstance(parameters, tuple) else (parameters,)
            missing = len(cls.__parameters__) - len(given)
            padded = (*given, Item) if missing == 1 else given
            return super().__class_getitem__(padded)

    def __getitem__(self, id: int | None) -> N:  # noqa: A002 - Sage's word for it
        """Name one record, to reach what lies below it; no I/O.

        Example:
            >>> contacts = client.customers[27825].customer_contacts
            >>> contacts.url.partition("v1")[2]
            '/customers/27825/customer_contacts?$orderby=id&$top=5000'
        """
        self._require("[id]")
        kind = self.endpoint.item or Item
        made: Any = kind(self._item(id), self.context, self._connection)
        item: N = made
        return item


class Get(Parent[N], Generic[R, N]):
    """A resource that is read by id."""

    __slots__ = ()

    async def get(self, id: int | None) -> R:  # noqa: A002 - Sage's word for it
        """Read one record by its id; `select` and `expand` hold.

        A record's own ``id`` is typed as it may be absent; None is refused.

        Raises:
            NotFound: There is none of that id.
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
        query = encode_query(select_and_expand(self._options))
        response = await self._send("GET", self._item(id), query)
        record: R = read_one(response, self._model)
        return record


class _Reply(Query):
    """A resource whose writes are answered with a record."""

    __slots__ = ()

    @property
    def _reply(self) -> Any:
        return self.endpoint.answer or self._model

    async def _write(self, verb: str, path: str, body: bytes, *, twice: bool) -> Any:
        response = await self._send(verb, path, body=body, idempotent=twice)
        return self._done(response, self._reply)

    def _done(self, response: Response, model: Any) -> Any:
        """Read the reply to a write."""
        try:
            return read_one(response, model)
        except DecodeError as error:
            error.add_note("the write was done: only its reply does not fit")
            raise


class Create(_Reply, Generic[Reply, Values]):
    """A resource that takes new records."""

    __slots__ = ()

    async def create(self, values: Values) -> Reply:
        """Create a record, and give it as the service returns it.

        It is sent once, and again only when it certainly never left.

        Raises:
            BadRequest: Sage refused it; ``detail`` is Sage's message.
            UnknownFieldError: A name that the record does not have.
            InvalidValue: A value that is not of its field's type.
        """
        self._require("create")
        body = encode_input(values, self._namespace)
        path = self.endpoint.path
        made: Reply = await self._write("POST", path, body, twice=False)
        return made


class CreateMany(Create[list[Reply], Values]):
    """A resource that answers one input with several records."""

    __slots__ = ()

    @property
    def _reply(self) -> Any:
        return _array_of(super()._reply)


class _Update(_Reply, Generic[R, Changes]):
    """A resource whose records are changed by id."""

    __slots__ = ()

    async def update(self, id: int | None, changes: Changes) -> R:  # noqa: A002
        """Change the fields given, and only those.

        Rows of a member that carry an ``id`` are changed, those without are
        added, and those with ``is_to_delete`` are removed.

        Raises:
            NotFound: There is no record of that id.
            BadRequest: Sage refused it; ``detail`` is Sage's message.
            UnknownFieldError: A name that the record does not have.
            InvalidValue: A value that is not of its field's type.

        Source:
            Sage 200 API guide, "Getting started".
        """
        self._require("update")
        body = encode_input(changes, self._namespace)
        twice = not adds_rows(changes)
        made: R = await self._write("PUT", self._item(id), body, twice=twice)
        return made


class _UpdateMany(_Reply, Generic[R, Changes]):
    """A resource that takes changes to many records in one request."""

    __slots__ = ()

    async def update_many(self, rows: Sequence[Changes]) -> list[R]:
        """Change many records at once; each row names its record by ``id``.

        Rows without an ``id`` may be added, so that such a request is not
        repeated.

        Raises:
            BadRequest: Sage refused a row; ``detail`` is its message.
            UnknownFieldError: A name that the record does not have.
            InvalidValue: A value that is not of its field's type.

        Source:
            PUT on a collection: five resources of the OpenAPI documents.
        """
        self._require("update_many")
        body = encode_inputs(rows, self._namespace)
        twice = not adds_rows({"rows": rows})
        response = await self._send(
            "PUT", self.endpoint.path, body=body, idempotent=twice
        )
        made: list[R] = self._done(response, _array_of(self._reply))
        return made


class _Delete(Query):
    """A resource whose records can be deleted."""

    __slots__ = ()

    async def delete(self, id: int | None) -> None:  # noqa: A002 - Sage's word for it
        """Delete a record.

        A 404 to a repeated request is a success: the first one did it, and
        its reply was lost.

        Raises:
            NotFound: There is no record of that id.
            Forbidden: The user's role does not allow it.
        """
        self._require("delete")
        try:
            await self._send("DELETE", self._item(id))
        except NotFound as error:
            if not error.maybe_sent_before:
                raise


class Single(Query, Generic[R]):
    """One object, without an id."""

    __slots__ = ()

    async def get(self) -> R:
        """Read it; `select` and `expand` hold.

        Raises:
            QueryError: The query has more than `select` and `expand`.
        """
        self._require("get", "select", "expand")
        query = encode_query(select_and_expand(self._options))
        response = await self._send("GET", self.endpoint.path, query)
        record: R = read_one(response, self._model)
        return record


def _array_of(model: Any) -> Any:
    return list[model]


class GetUpdate(Get[R, N], _Update[R, Changes], Generic[R, Changes, N]):
    """Read by id and updated."""

    __slots__ = ()


class CreateUpdate(Create[R, Values], _Update[R, Changes], Generic[R, Values, Changes]):
    """Created and updated; nothing is listed."""

    __slots__ = ()


class ListCreate(CollectionQuery[R], Create[R, Values], Generic[R, Values]):
    """Listed and created."""

    __slots__ = ()


class ListParent(CollectionQuery[R], Parent[N], Generic[R, N]):
    """Listed, and a way to what lies below its records; not read by id."""

    __slots__ = ()


class ListGet(CollectionQuery[R], Get[R, N], Generic[R, N]):
    """Listed and read by id."""

    __slots__ = ()


class ListGetUpdate(ListGet[R, N], _Update[R, Changes], Generic[R, Changes, N]):
    """Listed, read by id and updated."""

    __slots__ = ()


class ListGetUpdateDelete(
    ListGetUpdate[R, Changes, N], _Delete, Generic[R, Changes, N]
):
    """Listed, read by id, updated and deleted; created under its parent."""

    __slots__ = ()


class Resource(
    ListGetUpdateDelete[R, Changes, N],
    Create[R, Values],
    Generic[R, Values, Changes, N],
):
    """Listed, read by id, created, updated and deleted."""

    __slots__ = ()


class BatchUpdateResource(
    Resource[R, Values, Changes, N],
    _UpdateMany[R, Changes],
    Generic[R, Values, Changes, N],
):
    """A table that takes changes to many records in one request, too."""

    __slots__ = ()
