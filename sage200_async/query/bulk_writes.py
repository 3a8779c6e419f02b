"""Resources that many rows are written to: each once at most, by a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sage200_async.query.bound_endpoint import BoundEndpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sage200_async.write.input_rows import ArrowTable, Rows
    from sage200_async.write.job import WriteJob

R = TypeVar("R")
Values = TypeVar("Values", bound=Mapping[str, Any])
Changes = TypeVar("Changes", bound=Mapping[str, Any])

WORKERS: Final = 4
"""Requests at once, by default."""


class Insert(BoundEndpoint, Generic[Values]):
    """A resource in which many records are created."""

    __slots__ = ()

    def insert(
        self,
        rows: Rows[Values] | ArrowTable,
        *,
        journal: str | Path,
        marker: str | None = None,
        at_most_once: bool = False,
        workers: int = WORKERS,
        settle: float | None = None,
        dry_run: bool = False,
    ) -> WriteJob:
        """Create a document of each row, and none of them twice.

        Sage has no idempotency keys. So each row gets a *marker*, text of its own in a
        field that means nothing to Sage; before a row is sent a second time, it is
        looked for by its marker, where the catalog knows how. A row that has a marker
        already keeps it, and is looked for before it is sent at all: if a document with
        it is there, the row ends as unchanged.

        Args:
            rows: Mappings, in a list or in a generator, also an asynchronous one; or an
                Arrow table.
            journal: A file, ``sqlite:///job.db``: what was sent, and what came of it.
            marker: The field, by default that of the catalog.
            at_most_once: Whether rows that cannot be looked for are sent all the same.
                One whose response is lost ends as unknown, and is never sent again.
            workers: Requests at once, 1 to 64.
            settle: Seconds after which a server has surely done what it was sent, even
                if its response was lost; by default 300, or the request's timeout where
                that is longer. The promise is for servers that take no longer.
            dry_run: Whether nothing is sent but look-ups.

        Returns:
            An async context manager to iterate over, for an `Outcome` of each row.

        Raises:
            QueryError: Nobody knows a marker of the resource: pass *at_most_once*.
            JournalError: *journal* names no file.

        Example:
            >>> import tempfile
            >>> from pathlib import Path
            >>> async def markers(folder):
            ...     rows = [{"customer_id": 1088}, {"second_reference": "A7"}]
            ...     invoices = client.sales_invoices
            ...     journal = folder / "invoices.db"
            ...     async with invoices.insert(rows, journal=journal, dry_run=True) as job:
            ...         return sorted([one.key async for one in job], key=len)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     run(markers(Path(folder)))
            ['A7', '...-1']
        """
        from sage200_async.query.write_targets import insert_job  # noqa: PLC0415 - late

        return insert_job(
            self,
            rows,
            marker=marker,
            at_most_once=at_most_once,
            journal=journal,
            workers=workers,
            settle=settle,
            dry_run=dry_run,
        )


class Upsert(BoundEndpoint, Generic[R, Values, Changes]):
    """A resource in which many records are created and updated."""

    __slots__ = ()

    def upsert(
        self,
        rows: Rows[Values | Changes | R] | ArrowTable,
        *,
        journal: str | Path,
        by: str | Sequence[str] | None = None,
        nested_by: Mapping[str, str | Sequence[str]] | None = None,
        workers: int = WORKERS,
        settle: float | None = None,
        dry_run: bool = False,
    ) -> WriteJob:
        """Create the records that are missing, and update of the rest what differs.

        Each row ends as *created*, *updated* (only the fields that differ are sent),
        *unchanged* (nothing is sent), *refused* (with Sage's words) or *unknown*. No
        row is sent to be created a second time unless its key was looked for, after
        *settle*, and is absent in an answer that also shows a record known to exist.
        Killed at any time, the job goes on when it is run again with the same rows and
        the same journal.

        It is no lock: what others change between the look-up and the update stays, but
        for the fields that are sent.

        Args:
            rows: Mappings or records, in a list or in a generator, also an
                asynchronous one; or an Arrow table, whose nulls are left out.
            journal: A file, ``sqlite:///job.db``: what was sent, and what came of it.
            by: The field, or the fields, that no two records share; by default those
                of the catalog. Two rows with the same key are refused both.
            nested_by: The fields by which related rows are found, as in
                ``{"contacts": "name"}``. Without one, related rows need ids.
            workers: Requests at once, 1 to 64.
            settle: Seconds after which a server has surely done what it was sent, even
                if its response was lost; by default 300, or the request's timeout where
                that is longer. The promise is for servers that take no longer.
            dry_run: Whether nothing is sent but look-ups; the outcomes show what would
                be.

        Returns:
            An async context manager to iterate over, for an `Outcome` of each row.

        Raises:
            QueryError: Nobody knows a key of the resource: pass *by*.
            UnknownFieldError: The record has no field of that name.
            JournalError: *journal* names no file.

        Example:
            >>> async def kinds(folder):
            ...     some = await client.customers.first()
            ...     rows = [{"reference": some.reference, "name": some.name}]
            ...     job = client.customers.upsert(rows, journal=folder / "customers.db")
            ...     async with job:
            ...         return [outcome.kind async for outcome in job]
            >>> import tempfile
            >>> from pathlib import Path
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     run(kinds(Path(folder)))
            ['unchanged']
        """
        from sage200_async.query.write_targets import upsert_job  # noqa: PLC0415 - late

        return upsert_job(
            self,
            rows,
            by=by,
            nested_by=nested_by,
            journal=journal,
            workers=workers,
            settle=settle,
            dry_run=dry_run,
        )
