"""One certificate from those of all ranges of a plan; no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from sage200_async.errors import ExtractError, QueryError
from sage200_async.odata.plain_values import shown
from sage200_async.paging.certificate import Certificate, PlanPart
from sage200_async.paging.key_ranges import KeyRanges
from sage200_async.paging.read_plan import ReadPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.paging.read_plan import ReadRange

_SHOWN: Final = 3
# Ranges that a message names.


def certify(plan: ReadPlan[Any], certificates: Iterable[Certificate]) -> Certificate:
    """Make one certificate of those of all ranges; no I/O.

    Each range has to be there once: of a range that was read twice, keep the
    records of one reading, and its certificate.

    Args:
        plan: What was read.
        certificates: Those of its ranges, in any order.

    Raises:
        QueryError: Something else is passed, such as the None of a range that was not
            read to its end.
        ExtractError: A range is missing or there twice, a certificate is of
            another plan, or records are missing.

    Example:
        >>> from sage200_async import certify
        >>> async def main():
        ...     plan, certificates = await client.customers.plan(parts=3), []
        ...     for key_range in plan.ranges:
        ...         async with client.read_range(key_range) as part:
        ...             _ = [customer async for customer in part]
        ...         certificates.append(part.certificate)
        ...     return certify(plan, certificates)
        >>> run(main()).records
        50
    """
    _require_plan(plan)
    _require_whole(plan)
    by_number = _by_number(plan, certificates)
    _require_all(plan, by_number)
    ordered = [by_number[part.number] for part in plan.ranges]
    counts = [certificate.count_after for certificate in ordered]
    known = [count for count in counts if count is not None]
    whole = _joined(plan, ordered, sum(known) if known and None not in counts else None)
    _require_records(plan, ordered, whole)
    return whole


def _joined(
    plan: ReadPlan[Any], parts: Sequence[Certificate], count: int | None
) -> Certificate:
    lowest = (part.lowest for part in parts if part.lowest is not None)
    highest = (part.highest for part in parts if part.highest is not None)
    starts = [plan.started_at, *(part.started_at for part in parts)]
    ends = [plan.started_at, *(part.ended_at for part in parts)]
    return Certificate(
        path=plan.source.path,
        company=plan.source.company_name,
        key=plan.source.key,
        query=plan.query,
        min_key=plan.min_key,
        max_key=plan.max_key,
        records=sum(part.records for part in parts),
        rejected=sum(part.rejected for part in parts),
        count_before=plan.count,
        count_after=count,
        lowest=min(lowest, default=None),
        highest=max(highest, default=None),
        requests=sum(part.requests for part in parts),
        started_at=min(starts),
        ended_at=max(ends),
    )


def _require_whole(plan: ReadPlan[Any]) -> None:
    """Raise unless the ranges of *plan* are those that it was made with."""
    bounds = plan.keys
    ranges = KeyRanges()
    numbers = [part.number for part in plan.ranges] == list(range(len(plan.ranges)))
    try:
        for part in plan.ranges:
            ranges = ranges.add(part.keys)
    except ValueError:
        numbers = False
    gaps = () if bounds is None else ranges.missing(bounds)
    if plan.id != plan.digest or not numbers or gaps:
        message = (
            f"{plan.source.path}: the plan is not as query.plan() made it: certify "
            "with the one that the ranges came from"
        )
        raise ExtractError(message)


def _by_number(
    plan: ReadPlan[Any], certificates: Iterable[Certificate]
) -> dict[int, Certificate]:
    """Return the certificate of each range.

    Raises:
        ExtractError: One is of no range of *plan*, or there are two of a range.
    """
    by_number: dict[int, Certificate] = {}
    for certificate in _all_in(certificates):
        number = _number_of(plan, certificate)
        if number in by_number:
            message = (
                f"{plan.source.path}: {_shown(plan.ranges[number])} was read twice: keep "
                "the records of one reading, and only its certificate"
            )
            raise ExtractError(message)
        by_number[number] = certificate
    return by_number


def _require_plan(plan: object) -> None:
    if not isinstance(plan, ReadPlan):
        message = f"certify takes the plan of await query.plan(), got {shown(plan)}"
        raise QueryError(message)


def _all_in(certificates: object) -> list[Certificate]:
    passed: list[Any] = [certificates]
    if isinstance(certificates, Iterable):
        passed = [*certificates]
    for one in passed:
        if not isinstance(one, Certificate):
            message = (
                "certify takes the certificates of all ranges, as "
                f"client.read_range has them at its end, got {shown(one)}"
            )
            raise QueryError(message)
    return passed


def _number_of(plan: ReadPlan[Any], certificate: Certificate) -> int:
    part, source = certificate.part, plan.source
    theirs = (certificate.path, certificate.key, certificate.query)
    edges = certificate.min_key, certificate.max_key
    same_query = theirs == (source.path, source.key, plan.query)
    same_plan = part is not None and part.plan_id == plan.id
    if part is None or not same_plan or not same_query or edges != _edges(plan):
        raise ExtractError(_foreign(plan, certificate))
    known = 0 <= part.number < len(plan.ranges)
    ours = plan.ranges[part.number] if known else None
    if ours is None or _part_of(ours) != part:
        message = (
            f"{source.path}: no range of the plan has {source.key} above {part.low} up "
            f"to {part.high} as number {part.number}: the range was changed before it "
            "was read, or its certificate afterwards"
        )
        raise ExtractError(message)
    keys = [key for key in (certificate.lowest, certificate.highest) if key is not None]
    if any(not part.low < key <= part.high for key in keys):
        message = (
            f"{source.path}: {_shown(ours)} has records of {source.key} "
            f"{certificate.lowest} to {certificate.highest}: they lie outside, so that "
            "others could be there twice"
        )
        raise ExtractError(message)
    return part.number


def _edges(plan: ReadPlan[Any]) -> tuple[int | None, int | None]:
    return plan.min_key, plan.max_key


def _part_of(key_range: ReadRange[Any]) -> PlanPart:
    keys = key_range.keys
    return PlanPart(key_range.plan_id, key_range.number, keys.low, keys.high)


def _foreign(plan: ReadPlan[Any], certificate: Certificate) -> str:
    part, ours = certificate.part, plan.source
    if part is None:
        is_of = f"a whole reading of {certificate.path}"
    elif certificate.path != ours.path or certificate.query != plan.query:
        is_of = f"another query, {certificate.path}?{certificate.query}"
    else:
        is_of = f"another plan, {part.plan_id} up to {certificate.key} {certificate.max_key}"
    return (
        f"{ours.path}: a certificate is of {is_of}: expected those of the ranges of plan "
        f"{plan.id}, up to {ours.key} {plan.max_key}"
    )


def _require_all(plan: ReadPlan[Any], by_number: dict[int, Certificate]) -> None:
    lacking = [part for part in plan.ranges if part.number not in by_number]
    if not lacking:
        return
    names = ", ".join(map(_shown, lacking[:_SHOWN]))
    more = len(lacking) - _SHOWN
    message = (
        f"{plan.source.path}: {len(lacking)} of {len(plan.ranges)} ranges have no "
        f"certificate: {names}{f' and {more} more' if more > 0 else ''}; read them with "
        "client.read_range"
    )
    raise ExtractError(message)


def _require_records(
    plan: ReadPlan[Any], parts: Sequence[Certificate], whole: Certificate
) -> None:
    """Raise where fewer records arrived than were there, and nothing says why.

    Each range was counted again when it had been read, so that those that are
    missing are known to be gone. With a filter a count is recorded only.
    """
    if plan.source.filter or plan.count is None:
        return
    received = whole.records + whole.rejected
    uncounted = [
        key_range
        for key_range, part in zip(plan.ranges, parts, strict=True)
        if part.count_after is None
    ]
    if received < plan.count and uncounted:
        message = (
            f"{plan.source.path}: {received:,} records arrived of the {plan.count:,} that "
            f"the server counted before, and it did not count {_shown(uncounted[0])} "
            "afterwards, so that they may be missing: read that range again"
        )
        raise ExtractError(message)


def _shown(part: ReadRange[Any]) -> str:
    keys = part.keys
    return f"range {part.number} ({part.source.key} above {keys.low} up to {keys.high})"
