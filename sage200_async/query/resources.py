"""Resources: combinations of operations, named after them.

A `CollectionQuery` is listed only; a `Resource` is listed, read by id, created,
updated and deleted. Those with a single operation, such as `Create`, are in
`operations`.
"""

from __future__ import annotations

import re
from typing import Any, Final, Generic

from sage200_async.errors import QueryError
from sage200_async.odata.fields import field
from sage200_async.odata.plain_values import shown
from sage200_async.query.bulk_writes import Changes, Upsert, Values
from sage200_async.query.collection import CollectionQuery
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.operations import (
    Create,
    Delete,
    Get,
    M,
    N,
    Parent,
    R,
    Update,
    UpdateMany,
)


class GetUpdate(Get[R, N], Update[R, Changes], Generic[R, Changes, N]):
    """Read by id and updated."""

    __slots__ = ()


class CreateUpdate(Create[R, Values], Update[R, Changes], Generic[R, Values, Changes]):
    """Created and updated."""

    __slots__ = ()


class ListCreate(CollectionQuery[R], Create[R, Values], Generic[R, Values]):
    """Listed and created."""

    __slots__ = ()


class ListParent(CollectionQuery[R], Parent[N], Generic[R, N]):
    """Listed, with resources below its records; not read by id."""

    __slots__ = ()


class ListGet(CollectionQuery[R], Get[R, N], Generic[R, N]):
    """Listed and read by id."""

    __slots__ = ()

    def into(self, model: type[M]) -> ListGet[M, N]:
        """Read records into a type of your own, and only the fields that it has.

        See `CollectionQuery.into`.
        """
        return self._into(model, ListGet)  # type: ignore[no-any-return]


class ListGetUpdate(ListGet[R, N], Update[R, Changes], Generic[R, Changes, N]):
    """Listed, read by id and updated."""

    __slots__ = ()


class ListGetUpdateDelete(
    ListGet[R, N], Update[R, Changes], Delete, Generic[R, Changes, N]
):
    """Listed, read by id, updated and deleted; created below its parent."""

    __slots__ = ()


class Resource(
    ListGet[R, N],
    Create[R, Values],
    Update[R, Changes],
    Upsert[R, Values, Changes],
    Delete,
    Generic[R, Values, Changes, N],
):
    """Listed, read by id, created, updated and deleted."""

    __slots__ = ()


class BatchUpdateResource(
    ListGet[R, N],
    Create[R, Values],
    Update[R, Changes],
    UpdateMany[R, Changes],
    Upsert[R, Values, Changes],
    Delete,
    Generic[R, Values, Changes, N],
):
    """A `Resource` in which many records are also updated by one request."""

    __slots__ = ()


UntypedResource = Resource[dict[str, Any], dict[str, Any], dict[str, Any]]
"""A resource that the catalog does not have; its records are dicts."""

_PATH: Final = re.compile(r"[\w-]+(/[\w-]+)*", re.ASCII)


def untyped_endpoint(path: object, key: str | None) -> Endpoint[UntypedResource]:
    """Return an endpoint that the catalog does not have.

    Raises:
        QueryError: *path* is not the path of a resource, or *key* no field's name.
    """
    bare = path.strip("/") if isinstance(path, str) else ""
    if not _PATH.fullmatch(bare):
        message = (
            "resource takes a path below the base URL, such as 'sop_returns' or "
            f"'customers/5/customer_contacts', got {shown(path)}"
        )
        raise QueryError(message)
    if key is not None:
        field(key)  # refuses what is no name
    return Endpoint(bare, UntypedResource, key=key)
