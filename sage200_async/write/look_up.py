"""Finding the records of rows: by many keys at once, and never by an answer alone.

A tunnel that is down answers ``[]``, a gateway cuts, a server clamps. So each look-up
asks for a record besides that is known to exist, the *witness*: the one with the lowest
id. It comes in descending order of the ids; an answer that ends with the witness has
all that is there. In one that does not, nothing is absent. Where nothing is there at all,
as it seems, that is asked several times, and is no proof for what was sent before.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.errors import ExtractError
from sage200_async.limits import MAX_FILTER_NODES, PAGE_DEFAULT
from sage200_async.odata.encoding import encode_query
from sage200_async.odata.expressions import And, Comparison, Or
from sage200_async.odata.literals import kind_of, literal
from sage200_async.odata.namespaces import names_of
from sage200_async.paging.company import require_company
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.responses import read_rows
from sage200_async.write.comparison import kind_of_field
from sage200_async.write.keys import key_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sage200_async.odata.expressions import Expression
    from sage200_async.write.target import Service, Target

_ATTEMPTS: Final = 3
_COMPARISON: Final = 3
# Nodes of a filter: the field, the operator, the value.


class Wanted(NamedTuple):
    """What one record is looked up by."""

    key: str
    """As it compares."""
    values: tuple[Any, ...]
    related: frozenset[str] = frozenset()
    """The related records that are read, too."""


class Found(NamedTuple):
    """What a look-up brought for one key."""

    records: list[Untyped]
    """Those that have the key; more than one where it is not unique."""
    others: list[Untyped]
    """Those that the server takes to have the key, though it is another."""
    proved: bool
    """Whether the answer also shows a record known to exist."""


class LookUp:
    """Looks up records by their keys.

    Args:
        service: Sends requests.
        target: Where records are found, and by which fields.
    """

    def __init__(self, service: Service, target: Target) -> None:
        self._service = service
        self._target = target
        self._witness: Any = None
        self._has_records = False
        # Whether a witness was ever there: then no records at all are not believed.

    @property
    def keys_at_once(self) -> int:
        """How many keys one filter has at most, the witness aside."""
        nodes = (_COMPARISON + 1) * max(1, len(self._target.by))
        return max(1, (MAX_FILTER_NODES - _COMPARISON) // nodes)

    async def find(self, wanted: Sequence[Wanted]) -> dict[str, Found]:
        """Look up records.

        Raises:
            ExtractError: No answer shows the witness, so that nothing is certain.
            RequestError: An answer could not be had.
        """
        answers: dict[str, Found] = {}
        for some in self._fitting(wanted):
            answers |= await self._find(some)
        return answers

    async def _find(self, wanted: Sequence[Wanted]) -> dict[str, Found]:
        rows, witness = await self._ask(wanted)
        by_key: dict[str, list[Untyped]] = {one.key: [] for one in wanted}
        asked = {one.key: one for one in wanted}
        others: list[Untyped] = []
        for row in rows:
            one = asked.get(key_in(row, self._target.by) or "")
            is_witness = row.get(self._target.key) == witness
            if one and (not is_witness or await self._is_meant(row, one)):
                by_key[one.key].append(row)
            elif one or not is_witness:
                others.append(row)
        if others and len(wanted) > 1 and not all(by_key.values()):
            return await self._one_by_one(wanted)  # for which are they taken?
        proved = witness is not None
        return {key: Found(some, others, proved) for key, some in by_key.items()}

    async def _is_meant(self, witness: Untyped, wanted: Wanted) -> bool:
        """Return whether the server takes the witness to have the key of *wanted*.

        It is in every answer, and a case-sensitive server may not match it.
        Unless its key is written alike, it has to come without being asked for.
        """
        if tuple(witness.get(name) for name in self._target.by) == wanted.values:
            return True
        key = self._target.key
        for _ in range(_ATTEMPTS):
            rows = await self._rows(self._query([wanted], None))
            if any(row.get(key) == witness.get(key) for row in rows):
                return True
        return False

    async def _one_by_one(self, wanted: Sequence[Wanted]) -> dict[str, Found]:
        answers: dict[str, Found] = {}
        for one in wanted:
            answers |= await self._find([one])
        return answers

    def _fitting(self, wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
        """Share out the keys, as many to a request as its query may be long."""
        room = self._target.context.max_query_bytes
        some: list[Wanted] = []
        for one in wanted:
            longer = [*some, one]
            if some and (
                len(longer) > self.keys_at_once or len(self._query(longer, 0)) > room
            ):
                yield some
                longer = [one]
            some = longer
        if some:
            yield some

    async def _ask(self, wanted: Sequence[Wanted]) -> tuple[list[Untyped], Any]:
        """Return the records of an answer, and the witness, None where there is none."""
        for attempt in range(1, _ATTEMPTS + 1):
            if self._witness is None:
                self._witness = await self._lowest()
            witness = self._witness
            self._has_records |= witness is not None
            rows = await self._rows(self._query(wanted, witness))
            if witness is None and not rows and not self._has_records:
                target = self._target
                await require_company(target.connection.transport, target.context)
                if attempt == _ATTEMPTS:  # one answer of no rows proves nothing
                    return rows, None
            if witness is not None and self._is_enough(rows, wanted, witness):
                return rows, witness
            if self._witness == witness:
                self._witness = None  # deleted meanwhile, perhaps
        message = (
            f"{self._target.found_in}: no answer to a look-up showed the record that is "
            "known to exist, so that none proves what is absent; the tunnel to the "
            "server may be down: run the same again later"
        )
        raise ExtractError(message)

    async def _lowest(self) -> Any:
        """Return the lowest key of all records, or None where none came."""
        key = self._target.key
        options = [("$select", key), ("$orderby", key), ("$top", "1")]
        rows = await self._rows(encode_query(options))
        return rows[0].get(key) if rows else None

    def _is_enough(
        self, rows: list[Untyped], wanted: Sequence[Wanted], witness: Any
    ) -> bool:
        """Return whether nothing is missing from *rows*, or nothing of what is wanted."""
        keys = {key_in(row, self._target.by) for row in rows}
        return keys.issuperset(one.key for one in wanted) or self._is_whole(
            rows, witness
        )

    def _is_whole(self, rows: list[Untyped], witness: Any) -> bool:
        """Return whether *rows* descend to the witness: nothing was cut off."""
        keys: list[Any] = [row.get(self._target.key) for row in rows]
        if not keys or keys[-1] != witness or len({*map(type, keys)}) > 1:
            return False
        return all(above > below for above, below in pairwise(keys))

    async def _rows(self, query: str) -> list[Untyped]:
        response = await self._service.send("GET", self._target.found_in, query)
        return read_rows(response, Untyped)

    def _query(self, wanted: Sequence[Wanted], witness: Any) -> str:
        target = self._target
        terms = [self._condition(one.values) for one in wanted]
        if witness is not None:
            terms.append(self._equals(target.key, witness))
        options = [("$filter", str(Or.of(*terms))), ("$orderby", f"{target.key} desc")]
        related = sorted(frozenset[str]().union(*[one.related for one in wanted]))
        if related:
            options.append(("$expand", ",".join(related)))
        return encode_query([*options, ("$top", str(PAGE_DEFAULT))])

    def _condition(self, values: tuple[Any, ...]) -> Expression:
        pairs = zip(self._target.by, values, strict=True)
        return And.of(*[self._equals(name, value) for name, value in pairs])

    def _equals(self, name: str, value: Any) -> Comparison:
        fields = self._target.fields
        field = None if fields is None else names_of(fields).get(name)
        kind = kind_of_field(field) or kind_of(value)
        return Comparison(name, "eq", literal(kind, value), kind)
