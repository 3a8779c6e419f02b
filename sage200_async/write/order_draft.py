"""Orders that are written in steps: a draft, its lines, and the confirmation."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sage200_async.errors import (
    Forbidden,
    LinesRefused,
    NotFound,
    QueryError,
    RateLimited,
    RequestError,
    Sage200Error,
    StatusError,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from typing import Self


class Orders(Protocol):
    """What a draft needs of its resource, such as ``client.sop_orders``."""

    async def create(self, values: Any, /) -> Any:
        """Create an order."""
        ...

    async def update(self, id: int, changes: Any, /) -> Any:  # noqa: A002 - Sage's word
        """Update an order."""
        ...

    async def delete(self, id: int, /) -> None:  # noqa: A002 - Sage's word for it
        """Delete an order."""
        ...

    def expand(self, *names: Any) -> Any:
        """Return a query with related records."""
        ...


class OrderDraft:
    """A sales order, purchase order or quote that is not confirmed yet.

    Sage applies the lines of an update one at a time, and stops at the first that it
    refuses: those before it stay saved. A draft shows which, and is confirmed, or
    discarded, as a whole.

    Args:
        orders: ``client.sop_orders``, ``client.sop_quotes`` or ``client.pop_orders``.
        id: The key of the order.

    Source:
        Sage's OpenAPI documents, POST and PUT of ``sop_orders`` and ``pop_orders``.

    Example:
        >>> async def ordered():
        ...     customer = await client.customers.first()
        ...     draft = await OrderDraft.create(client.sop_orders, {"customer_id": customer.id})
        ...     await draft.add_lines([
        ...         {"line_type": "EnumLineTypeFreeText", "description": "Installation"},
        ...     ])
        ...     order = await draft.confirm()
        ...     return order.is_draft, len(order.lines)
        >>> run(ordered())
        (False, 1)
    """

    def __init__(self, orders: Orders, id: int) -> None:  # noqa: A002 - Sage's word for it
        self._orders = orders
        self.id = id

    def __repr__(self) -> str:
        return f"OrderDraft({self._orders!r}, id={self.id})"

    @classmethod
    async def create(cls, orders: Orders, values: Mapping[str, Any]) -> Self:
        """Create a draft; like any create, it is sent once at most.

        Args:
            orders: The resource.
            values: The fields of the order, without lines.

        Raises:
            QueryError: There are lines among the values, or a flag that is set here.
            RequestError: It was refused; or its outcome is unknown, and a draft may
                be left: find it by a reference of your own.
        """
        for name in ("lines", "is_editing"):
            if name in values:
                message = f"{name}: leave it out of a new draft; add_lines() adds lines"
                raise QueryError(message)
        order = await orders.create({**values, "is_editing": True})
        return cls(orders, order.id)

    async def add_lines(self, lines: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Add lines after those that it has; return them as they were saved.

        Raises:
            QueryError: A line has an id: it is there already.
            LinesRefused: One was refused, or the reply was lost; it says which lines
                are saved, and those are not to be sent again.
            RequestError: No line was tried; or, where `outcome_unknown` is set, the
                lines could not be read again, and any of them may be saved.
        """
        if not lines:
            return []
        with_id = [line for line in lines if "id" in line]
        if with_id:
            message = (
                f"lines with an id are changed by update(), not added: {with_id[0]}"
            )
            raise QueryError(message)
        before = {line.id for line in await self.lines()}
        changes = {"is_editing": True, "lines": [dict(line) for line in lines]}
        try:
            await self._orders.update(self.id, changes)
        except RequestError as error:
            if _tried_none(error):
                raise
            saved = await self._saved_since(before, error)
            if error.outcome_unknown and len(saved) == len(lines):
                return saved
            raise _refused(self.id, lines, saved, error) from error
        return await self._saved_since(before)

    async def lines(self) -> list[Any]:
        """Return the lines that it has, in the order of their ids."""
        order = await self._orders.expand("lines").get(self.id)
        return sorted(order.lines or [], key=lambda line: line.id)

    async def confirm(self) -> Any:
        """Confirm the order: it gets its number, and is no draft any more.

        It is locked while that goes on, as Sage documents it.

        Returns:
            The order, with its lines.

        Raises:
            RequestError: It was refused, and is a draft still; or, where
                `outcome_unknown` is set, nobody can know.
        """
        locked = await self._orders.expand("is_to_lock").get(self.id)
        changes: dict[str, Any] = {"is_editing": False}
        if getattr(locked, "lock_id", None) is not None:
            changes["lock_id"] = locked.lock_id
        try:
            await self._orders.update(self.id, changes)
        except RequestError as error:
            if not (error.outcome_unknown or error.maybe_sent_before):
                raise
            with _after_a_write(error):
                order = await self._orders.expand("lines").get(self.id)
            if order.is_draft is not False:
                raise
            return order
        with _after_a_write():
            return await self._orders.expand("lines").get(self.id)

    async def discard(self) -> None:
        """Delete the draft with its lines."""
        await self._orders.delete(self.id)

    async def _saved_since(
        self, before: set[int], error: RequestError | None = None
    ) -> list[Any]:
        with _after_a_write(error):
            return [line for line in await self.lines() if line.id not in before]


def _tried_none(error: RequestError) -> bool:
    """Return whether Sage did nothing, and does not mean one line by it."""
    if error.outcome_unknown or error.maybe_sent_before:
        return False
    everything = Unauthorized | Forbidden | NotFound | RateLimited
    return not isinstance(error, StatusError) or isinstance(error, everything)


@contextmanager
def _after_a_write(failed: RequestError | None = None) -> Generator[None, None, None]:
    """Let nobody take a failed reading for a write that did not happen.

    Args:
        failed: The error of the write; None where it was done.
    """
    try:
        yield
    except Sage200Error as error:
        first: Sage200Error = failed or error
        if isinstance(first, RequestError):
            first.outcome_unknown = True
        first.retryable = False
        first.add_note(
            "the order could not be read again after it was sent: what is saved is not "
            "known; look at it, by lines() or get(), before you send any of it again"
        )
        if first is error:
            raise
        raise first from error


def _refused(
    key: int,
    lines: Sequence[Mapping[str, Any]],
    saved: Sequence[Any],
    error: RequestError,
) -> LinesRefused:
    rest = list(lines[len(saved) :])
    refused = None if error.outcome_unknown else next(iter(rest), None)
    not_tried = rest if refused is None else rest[1:]
    what = (
        "the reply was lost, and more may be saved later: look at lines() again before "
        "you add the rest"
        if refused is None
        else f"line {len(saved) + 1} was refused, and the {len(not_tried)} after it were "
        "not tried"
    )
    return LinesRefused(
        f"order {key}: {len(saved)} of {len(lines)} lines are saved; {what}: {error}",
        saved=saved,
        refused=refused,
        not_tried=not_tried,
    )
