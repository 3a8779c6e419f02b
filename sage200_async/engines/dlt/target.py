"""What a sync writes to: its rows go to a pipeline, and what they are to the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sage200_async.engines.dlt.batches import Batches, kept
from sage200_async.engines.dlt.held_rows import (
    START_ANEW,
    HeldRows,
    Location,
    TableState,
    microseconds,
)
from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.identity import Identity
from sage200_async.extract.proof import proved
from sage200_async.extract.sink import DEFAULTS, Copy
from sage200_async.extract.sync_state import SYNC_STATE, SyncState, decode_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sage200_async.engines.dlt.channel import Channel
    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.sink import OpenOptions, SinkForm, Written
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange

_UNFILLED: Final = ("columns",)
_APART: Final = (
    "Load it by another pipeline, into another dataset, or drop what {source} has "
    "loaded: `dlt pipeline <name> drop --schema {source} <resource>`"
)
_MICROSECONDS: Final = 1_000_000
# Of a second.


class PipelineTarget:
    """A `sage200_async.extract.SyncTarget` in memory, whose rows a pipeline loads.

    No key comes twice in one run, so that it does not matter how a destination merges:
    a record that changes again while it is read is left for the next run, which
    compares all keys and stamps then.

    Args:
        channel: Takes the batches.
        state: What the pipeline knows of the table; None if it was never loaded.
        location: Where the table is.
        others: Other sources of the pipeline that load into it, and which queries.
        layout: Differs where its columns do.
        stamp: The column of the last change, or None.
        overlap: Seconds before the newest stamp from which changes are read again.
        merges: Whether the pipeline merges rows, rather than replacing all.
    """

    sets_aside = False
    rows_written = 0
    keys_set_aside: frozenset[object] = frozenset()

    def __init__(
        self,
        channel: Channel,
        state: TableState | None,
        *,
        location: Location,
        others: Sequence[tuple[str, str]],
        layout: str,
        stamp: str | None,
        overlap: float,
        merges: bool,
    ) -> None:
        self._channel, self._before, self._layout = channel, state, layout
        self._stamp, self._merges = stamp, merges
        self._location, self._others = location, others
        self._overlap = round(overlap * _MICROSECONDS)
        self._held = HeldRows() if state is None else HeldRows.unpack(state.rows)
        self._metadata = {} if state is None else dict(state.metadata)
        self._identity = ""
        self._loaded: set[int] = set()
        # Keys of this run.
        self._newest = 0
        self._now: int | None = None
        # By the server's clock, when everything is read.
        self._is_behind = False
        # Whether records have changed again since they were read.
        self._checkpoint: Checkpoint | None = None
        self._staged = 0
        self._unkeyed: list[Any] = []

    @property
    def form(self) -> SinkForm:
        """The form that it takes the fastest."""
        return self._batches.form

    def open(
        self, tables: Sequence[Table], options: OpenOptions = DEFAULTS
    ) -> Checkpoint | None:
        """Begin; what was gathered of a resource without a key is dropped.

        Raises:
            SinkConflict: The table is the copy of another query.
        """
        self._table = tables[0]
        self._batches = Batches(self._table, marks_deleted=self._merges)
        if options.identity is not None:
            self._require_same(options.identity)
        self._checkpoint, self._staged, self._unkeyed = None, 0, []
        if not self._merges or self._before is None:
            self._channel.put(self._batches.empty())
        return None

    def _require_same(self, wanted: Identity) -> None:
        self._identity = wanted.encode()
        for source, query in self._others:
            if _differ(held := Identity.decode(query), wanted):
                message = (
                    f"{self._location.table}: the source {source} loads {held} into "
                )
                message += f"the table, and this is {wanted}; both would be mixed. "
                raise SinkConflict(message + _APART.format(source=source))
        if self._before is None:
            return
        held = Identity.decode(self._before.identity)
        if _differ(held, wanted):
            message = (
                f"{self._table.name}: it is loaded from {held}, and this is {wanted}"
            )
            raise SinkConflict(f"{message}; {START_ANEW}")

    def begin(self, checkpoint: Checkpoint) -> None:
        """Begin to read everything."""
        self._checkpoint, self._staged = checkpoint, 0
        self._now = round(checkpoint.server_time * _MICROSECONDS)

    def write(
        self,
        key_range: KeyRange | None,
        rows: Written,
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Load all that is in *key_range*."""
        if self._checkpoint is None:
            raise SinkError(f"{self._table.name}: no read was started")
        batch = self._batch(rows)
        self._staged += len(batch)
        if key_range is None:
            self._unkeyed.append(batch)
            return
        self._checkpoint = self._checkpoint.add(
            key_range, requests=requests, rejected=rejected
        )
        self._load(batch, compares=self._merges and self._stamp is None)

    def _batch(self, rows: Any) -> Any:
        if hasattr(rows, "num_rows"):
            return self._batches.of_columns(rows)
        return self._batches.of_rows(rows.get(self._table.name, ()))

    def commit(
        self, certificate: Certificate, *, keep_absent: bool = False
    ) -> Certificate:
        """Compare what was written with *certificate*.

        Raises:
            SinkError: Rows are missing.
        """
        del keep_absent  # the sweep finds them
        name = self._table.name
        certificate = proved(name, certificate, self._checkpoint, self._staged)
        for batch in self._unkeyed:
            self._channel.put(batch)
        self._checkpoint, self._unkeyed = None, []
        return certificate

    def merge(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Load records that are new, or differ from what was loaded."""
        self._load(self._batch(rows), compares=self._merges)

    def _load(self, batch: Any, *, compares: bool) -> None:
        """Hand the rows of a batch to the pipeline, and remember what they are."""
        keys, stamps = self._batches.keys(batch), self._stamps_of(batch)
        digests = self._digests(batch, stamps, every=compares)
        chosen: list[int] = []
        for position, (key, stamp) in enumerate(zip(keys, stamps, strict=True)):
            digest = digests.get(position)
            if self._is_same(key, stamp, digest) and (compares or key in self._loaded):
                continue
            if key in self._loaded:
                self._is_behind = True
                continue
            chosen.append(position)
            self._held.add(key, stamp)
            if digest is not None:
                self._held.digests[key] = digest
        self._loaded.update(keys[position] for position in chosen)
        if chosen:
            self._channel.put(kept(batch, chosen))

    def _is_same(self, key: int, stamp: int | None, digest: int | None) -> bool:
        held = self._held
        is_known = digest is not None and held.digests.get(key) == digest
        return is_known and held.stamps[key] == stamp

    def _stamps_of(self, batch: Any) -> list[int | None]:
        if self._stamp is None:
            return [None] * len(batch)
        return self._batches.stamps(batch, self._stamp)

    def _digests(
        self, batch: Any, stamps: Sequence[int | None], *, every: bool
    ) -> dict[int, int]:
        """Return the digests of rows that changes will be read again of, by position.

        The newest stamp is known at the end only: until then, those near the newest so
        far, which are more.
        """
        if not self._merges:
            return {}  # all rows are replaced
        known = [at for at in stamps if at is not None and at <= (self._now or at)]
        self._newest = max([self._newest, *known])
        since = self._newest - self._overlap
        positions = [
            position
            for position, at in enumerate(stamps)
            if every or at is None or at >= since
        ]
        return dict(
            zip(positions, self._batches.digests(batch, positions), strict=True)
        )

    def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Have rows deleted; those that came in this run in the next one."""
        del at
        gone = [key for key in keys if key not in self._loaded]
        self._is_behind |= len(gone) < len(keys)
        for key in gone:
            self._held.remove(key)
        self._loaded.update(gone)
        if gone and self._merges:
            self._channel.put(self._batches.of_deleted(gone))

    def copy(self) -> Copy:
        """Return what the pipeline has loaded."""
        before = self._before
        is_same = before is None or before.layout == self._layout
        return Copy(is_new=before is None, unfilled=() if is_same else _UNFILLED)

    def discard(self) -> None:
        """Drop an unfinished read: there is none, since none is resumed."""

    def close(self) -> None:
        """Do nothing: what is not loaded is dropped with the run."""

    def keys(self) -> Iterable[int]:
        """Return the keys of all rows."""
        return self._held.stamps

    def rows(self, table: str) -> Iterable[Row]:
        """Refuse: only the destination has rows.

        Raises:
            SinkError: Always.
        """
        raise SinkError(f"{table}: its rows are in the destination of the pipeline")

    def stamps(
        self, column: str | None, low: int, high: int
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        """Return key and stamp of the rows between two keys; none is marked deleted."""
        del column
        return self._rows_of(self._held.between(low, high))

    def stamps_of(
        self, column: str | None, keys: Sequence[int]
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        """Return the same for those of *keys* that are loaded."""
        del column
        return self._rows_of(key for key in keys if key in self._held.stamps)

    def _rows_of(
        self, keys: Iterable[int]
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        return [(key, self._held.stamp_of(key), False) for key in keys]

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Keep *value* under *name* for the state; return what is kept."""
        if value is not None:
            self._metadata[name] = value
        return self._metadata.get(name)

    def state(self) -> TableState:
        """Return what the pipeline knows of the table after this run."""
        text = self._metadata.get(SYNC_STATE)
        metadata = dict(self._metadata)
        sync = decode_state(text)
        if self._is_behind:
            metadata[SYNC_STATE] = replace(sync, swept_at=None).encode()
        self._held.prune(self._since(sync))
        return TableState(
            identity=self._identity,
            layout=self._layout,
            location=self._location,
            metadata=metadata,
            rows=self._held.pack(),
        )

    def _since(self, sync: SyncState) -> int | None:
        """Return the stamp from which the next run reads changes."""
        if sync.newest is None:
            return None
        return microseconds(sync.newest.stamp) - self._overlap


def _differ(one: Identity, other: Identity) -> bool:
    return replace(one, related="") != replace(other, related="")
