"""Checks that each page can follow the one before."""

from __future__ import annotations

from bisect import bisect_right
from operator import lt
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from sage200_async.errors import PagingError
from sage200_async.paging.plan import PageFacts, Plan, position
from sage200_async.wire.json_types import DECODING_ERRORS
from sage200_async.wire.messages import ChunkedBody
from sage200_async.wire.splitting import key_in
from sage200_async.wire.wrappers import NO_NOTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.errors import DecodeError
    from sage200_async.paging.page_forms import Slice
    from sage200_async.wire.wrappers import PageNotes

B = TypeVar("B")


class Bounds(Protocol):
    """A range of keys whose ends may move while a page is read."""

    low: int
    """The highest key below it."""
    high: int
    """Its highest key."""


class PageValidator:
    """Checks every record of a reading, on its way to the consumer.

    By key, the keys must ascend strictly, within a page and from page to
    page. By offset, a page may not repeat the one before: some endpoints have
    ignored ``$skip`` and served the same page for ever.

    Args:
        plan: Where the reading starts.
    """

    def __init__(self, plan: Plan) -> None:
        self.seen: set[int] | None = set() if len(plan.subqueries) > 1 else None
        """Keys that came, where subqueries may have records in common."""
        self.rejected_keys: set[int] = set()
        """Keys of records that did not fit."""
        self.new_rejected_keys: set[int] = set()
        """Those of them whose ranges have not been handed on yet."""
        self.unkeyed: set[tuple[int, int]] = set()
        """Records that did not fit and show no key."""
        self.previous_page: set[int] = set()
        """Keys of the page before, by offset."""
        self.keys_lately: set[int] = set()
        """Keys of the last page that had records, by offset."""
        self.first_key: int | None = None
        """By key: the first key, where the reading began at the start."""
        self.last_record: object = None
        """Without a key: the last record; None where it did not fit."""
        self._fingerprints: set[int] = set()

    def open(
        self, plan: Plan, body: bytes | ChunkedBody, within: Bounds | None = None
    ) -> PageCheck:
        """Start the check of a page.

        Args:
            plan: Whose page it is.
            body: The page.
            within: The keys that are wanted; others are left out.

        Raises:
            PagingError: The page is the same as one before, byte for byte.
        """
        if plan.mode == "offset" and plan.key is None:
            ends = ChunkedBody.of(body)
            fingerprint = hash((len(body), ends.first(4096), ends.last(4096)))
            if fingerprint in self._fingerprints and len(body) > len(b"[]"):
                raise _repeats(plan, "a page before again")
            self._fingerprints.add(fingerprint)
        return PageCheck(self, plan, within)


class PageCheck:
    """The check of one page; made by `PageValidator.open`."""

    def __init__(
        self, reading: PageValidator, plan: Plan, within: Bounds | None
    ) -> None:
        self.position = plan
        """Where the reading stands, after the records that were accepted."""
        self._reading = reading
        self._plan = plan
        self._within = within
        self._last_key = plan.after_key
        self.expected: int | None = None
        """The highest key, where it was asked for beside the page."""
        self._has_max_key = self._rejected = False
        self._served = self._accepted = self._repeated = 0
        self._rejected_keys: list[int] = []
        self._unkeyed: dict[bytes, int] = {}
        self._keys: set[int] = set()

    def accept(self, served: Slice[B]) -> Slice[B]:
        """Check a slice of the page; return what is wanted and has not come before.

        Raises:
            PagingError: The keys do not ascend, or come twice in one page.
        """
        self._served += len(served)
        keys = served.keys
        if keys is None and len(served):
            # One that was set aside may have been the last of the slice.
            self._reading.last_record = None if self._rejected else served.last
        if keys is not None:
            by_key = self._plan.mode == "key"
            served = (self._ascending if by_key else self._new)(served, keys)
        self._accepted += len(served)
        self.position = position(self._plan, self.facts)
        return served

    def reject(self, error: DecodeError) -> bool:
        """Count a record that does not fit.

        Returns:
            Whether it is wanted: outside the range, another page has it too.
        """
        self._served += 1
        self._rejected = True
        self._reading.last_record = None
        key = _key_in(error.raw, self._plan.key)
        if key is None and self._plan.key is None:
            return True
        if key is None:
            # Pages of a parallel read overlap: the same one may come again.
            raw = error.raw
            times = self._unkeyed.get(raw, 0)
            mark = hash(raw), times
            self._unkeyed[raw] = times + 1
            if mark in self._reading.unkeyed:
                self._repeated += 1
                return False
            self._reading.unkeyed.add(mark)
            return True
        self._require_bounded(key)
        self._has_max_key |= key == self.expected
        self._rejected_keys.append(key)
        self._reading.rejected_keys.add(key)
        within = self._within
        wanted = within is None or within.low < key <= within.high
        if key in self._reading.previous_page:  # by offset
            self._repeated += 1
            wanted = False
        if wanted:
            self._reading.new_rejected_keys.add(key)
        return wanted

    def close(self, notes: PageNotes = NO_NOTES) -> PageFacts:
        """End the page.

        Args:
            notes: What its wrapper says.

        Raises:
            PagingError: Half of the page or more was in the page before.
        """
        by_offset = self._plan.mode == "offset"
        if by_offset and self._repeated and self._repeated * 2 >= self._served:
            count = self._repeated
            raise _repeats(self._plan, f"{count} records of the page before again")
        keys = self._keys.union(self._rejected_keys)
        self._reading.previous_page = keys if by_offset else set()
        self._reading.keys_lately = keys or self._reading.keys_lately
        return replace(self.facts, notes=notes)

    @property
    def facts(self) -> PageFacts:
        """What has come of the page."""
        served, accepted = self._served, self._accepted
        last, seen = self._last(), self._has_max_key
        return PageFacts(served, accepted, last, has_max_key=seen)

    def _last(self) -> int | None:
        if self._plan.mode != "key":
            return None
        read = [] if self._last_key is None else [self._last_key]
        return max((*read, *self._rejected_keys), default=None)

    def _ascending(self, served: Slice[B], keys: Sequence[Any]) -> Slice[B]:
        last = self._require_ascending(keys)
        self._require_bounded(last)
        if self._last_key is None and keys:
            self._reading.first_key = keys[0]
        self._last_key = last
        if self.expected is not None and self.expected in keys:
            self._has_max_key = True
        within, seen = self._within, self._reading.seen
        if within is not None:
            start, end = bisect_right(keys, within.low), bisect_right(keys, within.high)
            if end - start < len(keys):
                served, keys = served.part(start, end), keys[start:end]
        return served if seen is None else _unseen(served, keys, seen)

    def _require_ascending(self, keys: Sequence[Any]) -> int | None:
        """Return the last key; refuse one that is none, or not above the one before."""
        last = self._last_key
        whole = set(map(type, keys)) == {int} and all(map(lt, keys, keys[1:]))
        if whole and (last is None or keys[0] > last):
            highest: int = keys[-1]
            return highest
        # All at once is checked faster than one by one, which finds the wrong one.
        for key in keys:
            if not _is_key(key) or (last is not None and key <= last):
                raise _out_of_order(self._plan, last, key)
            last = key
        return last

    def _require_bounded(self, key: int | None) -> None:
        """Refuse a key above the highest that was asked for."""
        highest = self._plan.max_key
        if highest is not None and key is not None and key > highest:
            raise _out_of_range(self._plan, key)

    def _new(self, served: Slice[B], keys: Sequence[Any]) -> Slice[B]:
        before, previous = len(self._keys), self._reading.previous_page
        self._keys.update(filter(_is_key, keys))
        if len(self._keys) - before != len(keys):
            if None in keys:
                raise _out_of_order(self._plan, None, None)
            key = self._plan.key
            raise _repeats(self._plan, f"records without {key}, or twice in one page")
        if previous.isdisjoint(keys):
            return served
        new = [index for index, key in enumerate(keys) if key not in previous]
        self._repeated += len(served) - len(new)
        return served.pick(new)


def _unseen(served: Slice[B], keys: Sequence[int], seen: set[int]) -> Slice[B]:
    new = [index for index, key in enumerate(keys) if key not in seen]
    seen.update(keys)
    return served if len(new) == len(keys) else served.pick(new)


_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()


def _key_in(raw: bytes, name: str | None) -> int | None:
    """Return the key of a record that does not fit, or None where it shows none."""
    try:
        key = _ANY.decode(_FIELDS.decode(raw).get(name or "", msgspec.Raw(b"null")))
    except DECODING_ERRORS:
        return None if name is None else key_in(raw, name)
    return key if _is_key(key) else None


def _is_key(key: object) -> bool:
    return type(key) is int


def wrong_key(plan: Plan, key: object) -> PagingError:
    """Return the error of a record whose key is missing, or no whole number."""
    if key is not None:
        message = f"{plan.path}: expected {plan.key} as a whole number, got {key!r}"
        return PagingError(message, plan=plan)
    message = (
        f"{plan.path}: a record of the response has no {plan.key!r} field, by "
        "which the records are read: the response is not a page of "
        f"{plan.path}, or the resource has another key"
    )
    return PagingError(message, plan=plan)


def _out_of_order(plan: Plan, last: int | None, key: object) -> PagingError:
    if not _is_key(key):
        return wrong_key(plan, key)
    message = (
        f"{plan.path}: expected {plan.key} above {last}, got {key}: the server "
        "ignores $orderby or $filter, and reading on could lose records"
    )
    return PagingError(message, plan=plan)


def _out_of_range(plan: Plan, key: int) -> PagingError:
    message = (
        f"{plan.path}: expected {plan.key} up to {plan.max_key}, got {key}: the server "
        "ignores $filter, and reading on could lose records"
    )
    return PagingError(message, plan=plan)


def _repeats(plan: Plan, received: str) -> PagingError:
    message = (
        f"{plan.path}: expected the page at {plan.offset}, got {received}: the server "
        "ignores $skip, and reading on would never end"
    )
    return PagingError(message, plan=plan)
