"""Tables: resources that are read by id and written, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from sage200_async.errors import NotFound, QueryError
from sage200_async.odata.options import Options, shape
from sage200_async.odata.url import encode_query, encode_segment
from sage200_async.view import R, View
from sage200_async.wire.decode import decode_one
from sage200_async.wire.inputs import adds_rows, encode_input

Values = TypeVar("Values", bound=Mapping[str, Any])
Changes = TypeVar("Changes", bound=Mapping[str, Any])


class Table(View[R], Generic[R, Values, Changes]):
    """A resource that can be listed, read by id, created, updated and deleted."""

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
        query = encode_query(shape(self._options))
        response = await self._send("GET", self._item(id), query)
        return decode_one(response.body, self._model)

    async def create(self, values: Values) -> R:
        """Create a record, and give it as the service returns it.

        It is sent once, and again only when it certainly never left.

        Raises:
            BadRequest: Sage refused it; ``detail`` is Sage's message.
            UnknownFieldError: A name that the record does not have.
            LiteralError: A value that is not of its field's type.
        """
        self._require("create")
        body = encode_input(values, self._namespace)
        path = self.endpoint.path
        response = await self._send("POST", path, body=body, idempotent=False)
        return decode_one(response.body, self._model)

    async def update(self, id: int | None, changes: Changes) -> R:  # noqa: A002 - Sage's word
        """Change the fields given, and only those.

        Rows of a member that carry an ``id`` are changed, those without are
        added, and those with ``is_to_delete`` are removed.

        Raises:
            NotFound: There is no record of that id.
            BadRequest: Sage refused it; ``detail`` is Sage's message.
            UnknownFieldError: A name that the record does not have.
            LiteralError: A value that is not of its field's type.

        Source:
            Sage 200 API guide, "Getting started".
        """
        self._require("update")
        body = encode_input(changes, self._namespace)
        path, again = self._item(id), not adds_rows(changes)
        response = await self._send("PUT", path, body=body, idempotent=again)
        return decode_one(response.body, self._model)

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
            if not error.repeated:
                raise

    def _item(self, id: object) -> str:  # noqa: A002 - Sage's word for it
        whole = isinstance(id, int) and not isinstance(id, bool)
        if not whole and (not isinstance(id, str) or id in {"", ".", ".."}):
            raise QueryError(f"{self.endpoint.path}: expected an id, got {id!r}")
        return f"{self.endpoint.path}/{encode_segment(id)}"

    def _require(self, verb: str, *allowed: str) -> None:
        """Refuse options that the verb does not take, rather than drop them."""
        plain = Options(page_size=self._options.page_size)
        for name in plain.__struct_fields__:
            given = getattr(self._options, name)
            if name not in allowed and given != getattr(plain, name):
                told = {"where": "filter", "order": "order_by"}.get(name, name)
                taken = " and ".join(allowed) or "no query options"
                message = f"{verb} takes {taken}, got {told} on {self.endpoint.path}"
                raise QueryError(message)
