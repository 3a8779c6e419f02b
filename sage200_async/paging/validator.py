"""Proof that each page can follow the last."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from sage200_async.errors import PagingError
from sage200_async.paging.plan import PageFacts
from sage200_async.wire.decode import UNFIT
from sage200_async.wire.messages import ChunkedBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sage200_async.errors import DecodeError
    from sage200_async.paging.plan import Plan

R = TypeVar("R")


class PageValidator(Generic[R]):
    """Looks at every record of a stream, on its way to the consumer.

    By key, the keys must ascend strictly, within a page and from page to
    page. By offset, a page may not repeat the one before: some endpoints have
    ignored ``$skip`` and served the same page for ever.
    """

    def __init__(self, plan: Plan, *, mapping: bool) -> None:
        self._key_of = _getter(plan.key, mapping=mapping)
        self._several = len(plan.parts) > 1
        self._seen: set[int] = set()
        self._last_page: set[int] = set()
        self._page: set[int] = set()
        self._print: tuple[object, ...] = ()
        self._last_key: int | None = plan.after
        self._served = self._given = self._repeated = 0
        self._unfit_keys: list[int] = []

    def key_of(self, record: R) -> Any:
        """Give a record's unique key, or None where there is none."""
        return None if self._key_of is None else self._key_of(record)

    def open_page(self, plan: Plan, body: bytes | ChunkedBody) -> None:
        """Begin a page.

        Raises:
            PagingError: The page is the one before, to the letter.
        """
        self._served = self._given = self._repeated = 0
        self._last_key = plan.after
        self._unfit_keys = []
        self._last_page, self._page = self._page, set()
        if plan.mode == "offset" and plan.key is None:
            ends = ChunkedBody.of(body)
            print_ = (len(body), ends.first(4096), ends.last(4096))
            if print_ == self._print and len(body) > len(b"[]"):
                raise _stuck(plan, "the page before, again")
            self._print = print_

    def admit(self, plan: Plan, records: list[R]) -> list[R]:
        """Check a slice of the page; give what has not come before.

        Raises:
            PagingError: The keys do not ascend, or come twice in one page.
        """
        self._served += len(records)
        if self._key_of is None:
            admitted = records
        else:
            keys = list(map(self._key_of, records))
            if plan.mode == "key":
                self._require_ascending(plan, keys)
                admitted = self._unseen(records, keys) if self._several else records
            else:
                admitted = self._unrepeated(plan, records, keys)
        self._given += len(admitted)
        return admitted

    def set_aside(self, plan: Plan, error: DecodeError) -> int | None:
        """Count a record that did not fit: it was served, and lies behind.

        Returns:
            Its key, or None where it shows none.
        """
        self._served += 1
        key = _key_in(error.raw, plan.key)
        if key is not None:
            self._unfit_keys.append(key)
        return key

    def close_page(self, plan: Plan) -> PageFacts:
        """End a page.

        Raises:
            PagingError: Half of the page or more was in the page before.
        """
        if self._repeated and self._repeated * 2 >= self._served:
            raise _stuck(plan, f"{self._repeated} records of the page before, again")
        return self.so_far(plan)

    def so_far(self, plan: Plan) -> PageFacts:
        """Tell what has come of the page."""
        return PageFacts(self._served, self._given, self._end(plan))

    def _end(self, plan: Plan) -> int | None:
        if plan.mode != "key":
            return None
        read = [] if self._last_key is None else [self._last_key]
        return max((*read, *self._unfit_keys), default=None)

    def _require_ascending(self, plan: Plan, keys: Sequence[Any]) -> None:
        last = self._last_key
        for key in keys:
            if not _is_key(key) or (last is not None and key <= last):
                message = (
                    f"{plan.path}: expected {plan.key} above {last}, got {key}: "
                    "the server ignores the order or the condition, and reading "
                    "on could lose records"
                )
                raise PagingError(message, plan=plan)
            last = key
        self._last_key = last

    def _unseen(self, records: Iterable[R], keys: Iterable[int]) -> list[R]:
        pairs = zip(keys, records, strict=True)
        fresh = {key: record for key, record in pairs if key not in self._seen}
        self._seen.update(fresh)
        return list(fresh.values())

    def _unrepeated(
        self, plan: Plan, records: Sequence[R], keys: Sequence[int]
    ) -> list[R]:
        before = len(self._page)
        self._page.update(filter(_is_key, keys))
        if len(self._page) - before != len(keys):
            raise _stuck(plan, f"records without {plan.key}, or twice in one page")
        if self._last_page.isdisjoint(keys):
            return list(records)
        fresh = [
            record
            for key, record in zip(keys, records, strict=True)
            if key not in self._last_page
        ]
        self._repeated += len(records) - len(fresh)
        return fresh


def _key_in(raw: bytes, name: str | None) -> int | None:
    try:
        found = _MEMBERS.decode(raw).get(name or "", msgspec.Raw(b""))
        key = _ANY.decode(found)
    except UNFIT:
        return None
    return key if _is_key(key) else None


_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()


def _is_key(key: object) -> bool:
    return type(key) is int


def _getter(key: str | None, *, mapping: bool) -> Callable[[Any], Any] | None:
    if key is None:
        return None
    return (lambda record: record.get(key)) if mapping else attrgetter(key)


def _stuck(plan: Plan, got: str) -> PagingError:
    message = (
        f"{plan.path}: expected the page at {plan.offset}, got {got}: the server "
        "ignores $skip, and reading on would never end"
    )
    return PagingError(message, plan=plan)
