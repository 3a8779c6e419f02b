"""The rows of views: JSON that is put together of the JSON of records."""

from __future__ import annotations

import functools
import itertools
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, defstruct
from msgspec.structs import astuple

from sage200_async.sandbox.store.rows import Row, encode, join_object
from sage200_async.sandbox.store.view_plans import (
    OVER_LIMIT,
    ROW,
    STOCK_LEVELS,
    plan_of,
    split_path,
)
from sage200_async.wire.json_types import is_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sage200_async.sandbox.store.view_plans import Plan

    Json = str | bytes | Raw
    Values = tuple[Any, ...]
    """What a view takes of one source, as JSON; `UNSET` where it has no value."""
    Lookup = Callable[[str, int], Json | None]
    """Returns the plain fields of a record of a resource; None if there is none."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[Raw])
_DICTS: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_IS_DEFAULT: Final = "is_default"
_EMPTY: Final = b"{}"
_NO_ROWS: Final = Raw(b"[]")
_LINKED: Final = 512
# Linked records that each view keeps decoded: most are of the reference data.
_CACHED: Final = 2_048
# Rows in the cache, each for a record that is read again unchanged: some 8 KB each.


class Source:
    """What a view takes of one of its sources.

    Args:
        blanks: The fields, each with its JSON where there is no value; ``b""`` if it
            is left out then.
    """

    def __init__(self, blanks: Mapping[str, bytes]) -> None:
        self.record = _record(blanks, blanks)
        """The type of these fields."""
        self._decoder = msgspec.json.Decoder(self.record)
        self.names = list(blanks)
        self.blank = self.record()
        """What it takes where there is no such record."""
        self.cached_values = functools.lru_cache(_LINKED)(self.values)

    def values(self, text: Json) -> Values:
        """Return the values in a record."""
        return astuple(self._decoder.decode(text))

    def key(self, values: Values, name: str) -> int:
        """Return the id in a field; 0 if there is none."""
        value = bytes(values[self.names.index(name)] or b"")
        return int(value) if value.isdigit() else 0


def _record(names: Iterable[str], blanks: Mapping[str, bytes]) -> type[Struct]:
    """Return the type of records with these fields, their values as JSON."""
    fields = {f"field{number}": name for number, name in enumerate(names)}
    values = {
        field: Raw(blanks[name]) if blanks.get(name) else UNSET
        for field, name in fields.items()
    }
    kinds = [(field, Raw | UnsetType, value) for field, value in values.items()]
    return defstruct("Fields", kinds, rename=fields, gc=False)


class RowMaker:
    """Makes the rows of one view.

    Args:
        plan: Where its fields come from.
    """

    def __init__(self, plan: Plan) -> None:
        spec = plan.spec
        self.plan = plan
        self.links = [
            (prefix, resource, *split_path(path))
            for prefix, (resource, path) in spec.links.items()
        ]
        """Prefix and resource of each linked record, source and field of its id."""
        self._fields = [
            field for field in plan.fields if field.source_name or field.blank
        ]
        names = ["", *([ROW] if spec.rows else []), *spec.parts, *spec.links]
        taken = {source: dict[str, bytes]() for source in names}
        for field in self._fields:
            if field.source_name:
                taken[field.source].setdefault(field.source_name, field.blank)
        for _, _, source, name in self.links:
            taken[source].setdefault(name, b"")
        for prefix in self.plan.list_parts:
            taken[prefix].setdefault(_IS_DEFAULT, b"")
        self.sources = {source: Source(blanks) for source, blanks in taken.items()}
        """What it takes of its sources, in the order in which `body` expects them."""
        names = [field.name for field in self._fields]
        self._row = _record(names, {})
        self._prepare(taken)
        self._parts = self._parts_decoder()
        self.linked_values = functools.lru_cache(_LINKED)(self._linked_values)
        """Returns what a row takes of its linked records, in the links' order."""
        self._is_computed = plan.is_computed
        self._own = plan.table.shape.expandables.keys()

    def _prepare(self, taken: Mapping[str, Mapping[str, bytes]]) -> None:
        """Find the index of each field's value among those of all sources."""
        constants = [field for field in self._fields if not field.source_name]
        self._constants = tuple(Raw(field.blank) for field in constants)
        places = [("", field.name) for field in constants]
        places += [(source, name) for source, names in taken.items() for name in names]
        start = len(constants)
        order = [
            places.index((field.source, field.source_name), start)
            if field.source_name
            else places.index(("", field.name))
            for field in self._fields
        ]
        self._in_order = itemgetter(*order)
        self._numbers = [
            (index, field.numbers, Raw(field.blank))
            for index, field in enumerate(self._fields)
            if field.numbers is not None
        ]
        self._places = {field.name: index for index, field in enumerate(self._fields)}
        self._addresses = {
            name: itemgetter(
                *(
                    self._places[name.removesuffix("full_address") + line]
                    for line in _ADDRESS
                )
            )
            for name in self.plan.full_addresses
        }

    def body(self, sources: Iterable[Values], related: Json) -> str:
        """Return the plain fields of a row.

        Args:
            sources: What it takes of each of its sources.
            related: The related records of the record that it shows.
        """
        values = list(self._in_order(sum(sources, self._constants)))
        if self._is_computed:
            for name, value in self._computed(values, related):
                values[self._places[name]] = Raw(value)
        for index, numbers, blank in self._numbers:
            values[index] = numbers.get(bytes(values[index] or b""), blank)
        return encode(self._row(*values)).decode()

    def related(self, related: Mapping[str, Raw]) -> str:
        """Return the related records of a row: those that its record has, too."""
        own = self._own
        if not own:
            return "{}"
        return join_object({n: bytes(raw) for n, raw in related.items() if n in own})

    def parts(self, related: Json) -> list[Values]:
        """Return what a row takes of the related records that are stored in its own."""
        decoder, sources = self._parts
        records = astuple(decoder.decode(related)) if sources else ()
        return [
            astuple(_default(source, part))
            for source, part in zip(sources, records, strict=True)
        ]

    def _parts_decoder(self) -> tuple[msgspec.json.Decoder[Any], list[Source]]:
        """Return what decodes the related records that a row takes something of."""
        fields: list[tuple[str, Any, Any]] = []
        sources: list[Source] = []
        for prefix, name in self.plan.spec.parts.items():
            source = self.sources[prefix]
            kind: Any = source.record
            fields.append(
                (name, list[kind] if prefix in self.plan.list_parts else kind, None)
            )
            sources.append(source)
        return msgspec.json.Decoder(defstruct("Parts", fields)), sources

    def _linked_values(self, linked: tuple[str | None, ...]) -> Values:
        sources = (self.sources[prefix] for prefix, *_ in self.links)
        pairs = zip(sources, linked, strict=True)
        values = (source.cached_values(text or _EMPTY) for source, text in pairs)
        return tuple(itertools.chain.from_iterable(values))

    def _computed(
        self, values: Sequence[Any], related: Json
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the fields that are computed from others."""
        places = self._places
        for name in self.plan.full_addresses:
            lines = map(bytes, self._addresses[name](values))
            # The insides of JSON texts, joined, are the inside of one.
            insides = [line[1:-1] for line in lines if line != b'""']
            yield name, b'"%b"' % b", ".join(insides)
        if OVER_LIMIT in places:
            limit, balance = (
                Decimal(bytes(values[places[name]] or b"0").decode())
                for name in ("credit_limit", "balance")
            )
            yield OVER_LIMIT, b"true" if 0 < limit < balance else b"false"
        if "quantity_allocated_bom" in places:
            for name, level in _stock_levels(related):
                if name in places:
                    yield name, level


_ADDRESS: Final = (
    *(f"address_line_{number}" for number in range(1, 5)),
    *("city", "county", "post_code", "country"),
)


@functools.cache
def row_maker(view: str) -> RowMaker:
    """Return what makes the rows of a view."""
    return RowMaker(plan_of(view))


def rows_of(view: str, base: Json, related: Json, lookup: Lookup) -> Iterator[Row]:
    """Yield the rows of a view that show one record.

    Args:
        view: The view.
        base: The record's plain fields.
        related: Its related records.
        lookup: Finds the records that it is linked to.
    """
    maker = row_maker(view)
    fields = _OBJECT.decode(related)
    values = {"": maker.sources[""].values(base)}
    spec, plan = maker.plan.spec, maker.plan
    lines = [Raw(_EMPTY)]
    if spec.rows:
        lines = _LIST.decode(fields.get(spec.rows, _NO_ROWS))
    parts = dict(zip(spec.parts, maker.parts(related), strict=True))
    for line in lines:
        if spec.rows:
            values[ROW] = maker.sources[ROW].values(line)
        values |= parts
        for prefix, resource, source, name in maker.links:
            key = maker.sources[source].key(values[source], name)
            record = (lookup(resource, key) if key else None) or _EMPTY
            values[prefix] = maker.sources[prefix].cached_values(record)
        own = plan.key_field
        key = maker.sources[own.source].key(values[own.source], own.source_name)
        yield Row(key, maker.body(values.values(), related), maker.related(fields))


@functools.lru_cache(_CACHED)
def body_of(view: str, base: str, related: str, *linked: str | None) -> str:
    """Return the plain fields of the one row of a view that shows a record.

    Args:
        view: The view.
        base: The record's plain fields.
        related: Its related records.
        linked: Those of the records that it is linked to, in the order of the links.
    """
    maker = row_maker(view)
    sources = maker.sources[""].values(base), *maker.parts(related)
    return maker.body((*sources, maker.linked_values(linked)), related)


def related_of(view: str, related: str) -> str:
    """Return the related records of the one row of a view that shows a record."""
    return row_maker(view).related(_OBJECT.decode(related))


def _default(source: Source, part: Any) -> Any:
    """Return a stored related record; of a list, its default or else its first row."""
    if not is_array(part):
        return part or source.blank
    index = f"field{source.names.index(_IS_DEFAULT)}"
    defaults = (row for row in part if bytes(getattr(row, index) or b"") == b"true")
    return next(defaults, part[0] if part else source.blank)


def _stock_levels(related: Json) -> Iterator[tuple[str, bytes]]:
    """Yield the sums of a product's holdings; nothing if it has none."""
    holdings = _OBJECT.decode(related).get("warehouse_holdings", _NO_ROWS)
    rows = _DICTS.decode(holdings)
    for name, source in STOCK_LEVELS.items() if rows else ():
        levels = (Decimal(bytes(row.get(source, Raw(b"0"))).decode()) for row in rows)
        yield name, str(sum(levels, Decimal(0))).encode()
