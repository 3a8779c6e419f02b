"""Files of certificates: one for each attempt at a range, and one certificate of them.

``<folder>/<plan>/plan.json`` is the plan, and
``<folder>/<plan>/stage-<stage>/<range>-<attempt>.json`` the certificate of one attempt
of Spark at one range. An action of Spark reads in one stage.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sage200_async._private_files import replace_private
from sage200_async.errors import ExtractError
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.certify import certify
from sage200_async.paging.read_plan import ReadPlan

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAN: Final = "plan.json"
_STAGE: Final = "stage-"


def write_plan(folder: str, plan: ReadPlan[Any]) -> None:
    """Write *plan* into its part of *folder*, for its owner only.

    Raises:
        OSError: It cannot be written.
    """
    replace_private(Path(folder, plan.id, _PLAN), plan.to_json())


def write_certificate(
    folder: str, certificate: Certificate, stage: int, attempt: int
) -> None:
    """Write the certificate of one attempt, for its owner only.

    Raises:
        OSError: It cannot be written.
    """
    part = certificate.part
    if part is not None:
        stage_folder = Path(folder, part.plan_id, f"{_STAGE}{stage}")
        path = stage_folder / f"{part.number}-{attempt}.json"
        replace_private(path, certificate.to_json())


def certify_folder(folder: str | Path, *, plan: str = "") -> Certificate:
    """Make one certificate of those that the tasks of Spark wrote; no requests.

    It is of the last action that read to the end of a range. It says that Sage was read
    completely, and so that the data frame is, if the action used all of it: a ``take(5)``
    that reads to the end of a small range is not an error. Of a range that several tasks
    read, as with speculation, Spark keeps the rows of one: which one is not known, so all
    must have had the same keys.

    Args:
        folder: That of the option ``certificates``. Take one of its own for each job.
        plan: The id of a plan, the name of its folder in *folder*; by default the one
            that was read last.

    Raises:
        ExtractError: A range has no certificate, attempts differ, or nothing was read:
            nothing at all, or nothing of a later plan, as where the last job failed.
    """
    folder = Path(folder)
    plans = [folder / plan] if plan else _folders(folder)
    plans = [one for one in plans if (one / _PLAN).is_file()]
    if not plans:
        raise ExtractError(
            f"{folder}: no plan is there: the option certificates names it"
        )
    last = max(plans, key=_last_written)
    _require_no_later(last, plans)
    whole: ReadPlan[Any] = ReadPlan.from_json((last / _PLAN).read_bytes())
    stages = [one for one in _folders(last) if one.name.startswith(_STAGE)]
    attempts = _attempts(max(stages, key=_last_written)) if stages else []
    return certify(whole, _one_of_each(attempts))


def _folders(folder: Path) -> list[Path]:
    return [one for one in folder.glob("*") if one.is_dir()]


def _last_written(folder: Path) -> tuple[bool, int]:
    """Return when the last certificate below *folder* was written, else the plan."""
    times = [one.stat().st_mtime_ns for one in folder.rglob("*-*.json")]
    if times:
        return True, max(times)
    return False, (folder / _PLAN).stat().st_mtime_ns


def _require_no_later(last: Path, plans: list[Path]) -> None:
    """Raise ExtractError if a plan was made after all certificates of *last*."""
    _, read = _last_written(last)
    newest = max(plans, key=_made)
    if newest != last and _made(newest) > read:
        message = (
            f"{newest}: this plan is the newest one, and no range of it was read to its "
            f"end: the action failed, or took a part. Of the one before, "
            f"certify_folder(..., plan={last.name!r}) makes a certificate"
        )
        raise ExtractError(message)


def _made(plan: Path) -> int:
    return (plan / _PLAN).stat().st_mtime_ns


def _attempts(folder: Path) -> list[Certificate]:
    paths = sorted(folder.glob("*.json"))
    return [Certificate.from_json(path.read_bytes()) for path in paths]


def _one_of_each(attempts: Iterable[Certificate]) -> list[Certificate]:
    """Return one certificate of each range.

    Raises:
        ExtractError: Two of one range had other records.
    """
    chosen: dict[int, Certificate] = {}
    for one in attempts:
        number = -1 if one.part is None else one.part.number
        other = chosen.setdefault(number, one)
        if _records(other) != _records(one):
            message = (
                f"{one.path}: two tasks read range {number} while it changed, "
                f"{other.records} and {one.records} records, and which of them Spark kept "
                "is not known: read again, without speculation"
            )
            raise ExtractError(message)
    return list(chosen.values())


def _records(certificate: Certificate) -> tuple[int, int, int | None, int | None]:
    one = certificate
    return one.records, one.rejected, one.lowest, one.highest
