"""What is asked when all ranges were read: the lower edge, and the counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import PagingError
from sage200_async.odata.expressions import Comparison, Or
from sage200_async.odata.literals import NULL, timestamp

if TYPE_CHECKING:
    from sage200_async.paging.page_reader import PageReader
    from sage200_async.paging.plan import Plan

_CREATED: Final = "date_time_created"
# The field that says when a record was created.
# Source: Sage 200 API, 151 collections have it.


async def check_lower_edge(
    reader: PageReader, plan: Plan, min_key: int, lowest: int | None
) -> None:
    """Raise unless the record of the lowest key arrived, or is gone.

    Args:
        reader: Sends the request.
        plan: What is read.
        min_key: The lowest key when the reading began.
        lowest: The lowest key that arrived, or None.

    Raises:
        PagingError: It can still be had.
    """
    arrived = lowest is not None and lowest <= min_key
    if arrived or min_key in reader.validator.rejected_keys:
        return
    edge = replace(plan, after_key=min_key - 1, max_key=min_key)
    if not await reader.end.is_over(edge, known=lowest):
        message = (
            f"{plan.path}: the record of {plan.key} {min_key} did not come, though it is "
            "there: a response was cut off, or a gateway answers for the server; read "
            "again later"
        )
        raise PagingError(message, plan=plan)


async def check_counts(
    reader: PageReader, plan: Plan, before: int | None, arrived: int
) -> int | None:
    """Hold the number of records in the bounds that the server counts.

    Without a filter, records can only have gone since the reading began, unless
    ids were given out before and are used later. So more records than arrived are
    counted again, less those that were created since.

    Args:
        reader: Sends the requests.
        plan: What was read, up to its ``max_key``.
        before: Records when the reading began; None where the server does not count.
        arrived: Records that arrived, those set aside included.

    Returns:
        What the server counts now, up to the highest key.

    Raises:
        PagingError: There are more that were there when the reading began.
    """
    if before is None or plan.subqueries != (None,):
        return None
    after = await reader.evidence.count(plan)
    if after is None or after <= arrived:
        return after
    expected = await _there_at_first(reader, plan, arrived)
    if (after if expected is None else expected) > arrived:
        message = (
            f"{plan.path}: {arrived:,} records arrived, and the server counts {after:,} "
            f"up to {plan.key} {plan.max_key}: a response was cut off, or others write; "
            "read again later"
        )
        raise PagingError(message, plan=plan)
    return after


async def _there_at_first(reader: PageReader, plan: Plan, arrived: int) -> int | None:
    """Count the records that were there when the reading began, by their stamp.

    Returns:
        The number; None where records have no such stamp, or the server's clock is
        not to be believed: by it, less than half of what arrived was there.
    """
    fields = getattr(reader.model, "__struct_encode_fields__", ())
    if _CREATED not in fields or reader.began_at is None:
        return None
    began_text = timestamp(datetime.fromtimestamp(reader.began_at, UTC))
    earlier = Or.of(
        Comparison(_CREATED, "lt", began_text, "datetime"),
        Comparison(_CREATED, "eq", NULL, "null"),
    )
    count = await reader.evidence.count(plan, earlier)
    return None if count is None or count * 2 < arrived else count
