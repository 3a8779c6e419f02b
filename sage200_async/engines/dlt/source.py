"""The source: which tables, and how they are kept in step."""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sage200_async._optional import require
from sage200_async.engines.dlt.company_thread import CompanyThread
from sage200_async.engines.dlt.configuration import configured_settings
from sage200_async.engines.dlt.selection import Selection, queries_of
from sage200_async.engines.dlt.table_run import SyncArguments, resource_of
from sage200_async.errors import LimitError
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import Extraction
from sage200_async.paging.parallel.preconditions import require_counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlt.extract import DltSource

    from sage200_async.query.collection import CollectionQuery
    from sage200_async.settings import Settings


def sage200(
    *resources: str | CollectionQuery[Any],
    columns: Mapping[str, Sequence[str]] | None = None,
    filter: Mapping[str, str] | None = None,  # noqa: A002 - the word for it
    expand: Mapping[str, Sequence[str]] | None = None,
    settings: Settings | None = None,
    workers: int = 8,
    overlap: float = 3600.0,
    deletes: DeletePolicy | None = None,
    sweep_every: float = 0.0,
    whole_every: float | None = None,
    name: str = "sage200",
) -> DltSource:
    """Return a dlt source with a table for each of *resources*; no request yet.

    The first run of a pipeline loads everything, later ones what has changed. Rows come
    as Arrow batches, with the types of the catalog: numbers are ``decimal(38, 10)``,
    times are in UTC, expanded records are nested, or JSON where a destination has no
    nested types.

    A table is merged by its key, and rows that the company no longer has are deleted.
    How changes and deletes are found, and what is believed, is as in
    `sage200_async.extract.sync`; key and stamp of each row are in the state of the
    pipeline, or a digest where records have no time of last change: those are read as a
    whole in each run, and loaded where they differ. A table without a unique key is
    replaced in each run. The first run replaces what a table has; so does one whose
    pipeline has lost its state, or loads elsewhere than before. A run that fails, or cannot be proved complete, loads nothing,
    and leaves the state as it was.

    Settings come from one source: *settings*; else ``sources.<name>`` of dlt's
    configuration (``client_id``, ``site``, ``company`` and so on, by the names of
    `Settings`), if it has one that decides whose company is read; else
    `Settings.load`.

    Args:
        resources: Names of the catalog, or queries of it without a client, such as
            ``Endpoints.customers.query.filter(on_hold=False)``.
        columns: The fields that are read, for each resource that is not read as a whole.
        filter: OData text for each resource of which some records are read. Put no text
            from users into it: nothing is escaped.
        expand: Related records for each resource that brings them.
        settings: Of the client.
        workers: Requests at once, for each resource.
        overlap: Seconds before the newest stamp from which changes are read again:
            longer than any transaction of the server takes.
        deletes: How many deletes are believed at once.
        sweep_every: Seconds from one comparison of all keys and stamps to the next; 0
            compares them in each run. Until then late and restored records, and
            deletes, are not seen.
        whole_every: Seconds from one reading of everything to the next, for what no
            stamp shows, such as related records; None for never.
        name: Of the source, its schema, and its section of the configuration.

    Raises:
        QueryError: There is no such resource, it cannot be listed, or it is named twice.
        UnknownFieldError: It has no such column or related records.
        LimitError: A number is out of range.
        SettingsError: Settings are missing or malformed.
        MissingExtra: dlt is not installed.
    """
    require("the dlt source", "dlt", "dlt", "pyarrow")
    chosen = Selection(columns=columns or {}, filter=filter or {}, expand=expand or {})
    extractions = [_table(query) for query in queries_of(resources, chosen)]
    require_counts(workers, prefetch=0)
    _require_seconds(
        overlap=overlap, sweep_every=sweep_every, whole_every=whole_every or 0.0
    )
    arguments = SyncArguments(
        workers=workers,
        overlap=overlap,
        deletes=deletes or DeletePolicy(),
        sweep_every=sweep_every,
        whole_every=whole_every,
    )
    thread = CompanyThread(settings or configured_settings(f"sources.{name}"))
    dlt: Any = import_module("dlt")
    source: Any = dlt.source(
        lambda: [resource_of(one, thread, arguments) for one in extractions],
        name=name,
        section=name,
    )
    tables: DltSource = source()
    return tables


def _table(query: CollectionQuery[Any]) -> Extraction:
    name = query.endpoint.path.replace("/", "_")
    return Extraction(name=name, query=query, related="nested")


def _require_seconds(**arguments: float) -> None:
    """Refuse what is no number of seconds.

    Raises:
        LimitError: One is negative, or has no end.
    """
    for name, value in arguments.items():
        if not 0 <= value < math.inf:
            raise LimitError(f"{name} must be 0 seconds or more, got {value!r}")
