"""Parents: resources of which the API offers nothing but what lies below."""

from __future__ import annotations

from typing import Any, Generic

from sage200_async.endpoint import Item
from sage200_async.question import Question
from sage200_async.resource import N, R
from sage200_async.view import View


class Parent(Question, Generic[N]):
    """A resource that is only a way to what lies below its records."""

    __slots__ = ()

    def __getitem__(self, id: int | None) -> N:  # noqa: A002 - Sage's word for it
        """Name one record, to reach what lies below it; no I/O."""
        self._require("[id]")
        kind = self.endpoint.item or Item
        made: Any = kind(self._item(id), self.target, self._connection)
        item: N = made
        return item


class ListParent(View[R], Parent[N], Generic[R, N]):
    """Listed, and a way to what lies below its records; not read by id."""

    __slots__ = ()
