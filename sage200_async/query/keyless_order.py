"""An order for resources without a unique key: as total as their fields can make it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.odata.encoding import encode
from sage200_async.odata.fields import Ordering
from sage200_async.odata.namespaces import Fields, names_of

if TYPE_CHECKING:
    from sage200_async.odata.options import QueryOptions
    from sage200_async.query.endpoint import Endpoint

_TERM: Final = len("%20desc,")


def order_of_all_fields(
    endpoint: Endpoint[Any], options: QueryOptions, room: int
) -> tuple[Ordering, ...]:
    """Return the order of *options*, followed by all other fields that fit.

    Rows that are equal in all of them may come in any order; others have their place,
    so that pages follow each other. Ids come first, as they distinguish most rows.

    Args:
        endpoint: The resource.
        options: What is asked for; its own order, or the resource's, comes first.
        room: Bytes of a query that the order may take.

    Returns:
        The terms; none where the record is not in the catalog and there is no order.
    """
    own = options.order_by or tuple(map(_parsed, endpoint.default_order))
    if endpoint.record is None:
        return own
    namespace: Fields = endpoint.record.fields
    kinds = names_of(type(namespace))
    plain = [name for name, kind in kinds.items() if not issubclass(kind, Fields)]
    ids = [name for name in plain if name.endswith("_id")]
    ordered = {term.field for term in own}
    terms = list(own)
    room -= sum(len(encode(term.field)) + _TERM for term in own)
    for name in dict.fromkeys([*ids, *plain]):
        room -= len(encode(name)) + _TERM
        if room < 0:
            break
        if name not in ordered:
            terms.append(Ordering(name))
    return tuple(terms)


def _parsed(term: str) -> Ordering:
    name, _, direction = term.partition(" ")
    return Ordering(name, descending=direction == "desc")
