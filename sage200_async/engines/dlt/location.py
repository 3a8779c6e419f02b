"""Where a pipeline loads a table to, how, and which other sources load into it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sage200_async.engines.dlt.held_rows import Location, TableState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPLACE: Final = "replace"
_MERGE: Final = "merge"
_HISTORY: Final = "scd2"
_ANEW: Final = {"disposition": REPLACE, "x-sage200": True}
# Not the text: for that, dlt drops the state of the resource before each run.
_BYTES: Final = 8
# Of a digest.


def current_location(resource: Any) -> Location:
    """Return where the running pipeline loads *resource* to."""
    current: Any = import_module("dlt").current
    dataset = ""
    with suppress(Exception):  # one that only extracts has no destination
        pipeline = current.pipeline()
        config = pipeline.destination_client().config
        parts = (
            config.destination_type,
            config.data_location(),
            getattr(config, "bucket_url", None),
            getattr(config.credentials, "database", None),
            pipeline.dataset_name,
            None
            if pipeline.config.use_single_dataset
            else current.source_schema().name,
        )
        dataset = hashlib.blake2b(repr(parts).encode(), digest_size=_BYTES).hexdigest()
    name = resource.table_name
    return Location(table=name if isinstance(name, str) else "", dataset=dataset)


def current_load() -> str:
    """Return the id of the running load; empty where rows are read without one."""
    with suppress(Exception):
        return str(import_module("dlt").current.load_package_state()["load_id"])
    return ""


def has_failed(load: str) -> bool:
    """Return whether *load* is over, and a part of it is not in the destination.

    dlt keeps the state of such a load where it is set not to raise for failed jobs.
    Loads of other machines are not known here: their state comes with their rows.
    """
    with suppress(Exception):  # there is no such package
        pipeline: Any = import_module("dlt").current.pipeline()
        package = pipeline.get_load_package_info(load)
        return package.state == "aborted" or bool(package.jobs.get("failed_jobs"))
    return False


def other_queries(location: Location, source: str) -> Iterator[tuple[str, str]]:
    """Yield sources of the running pipeline that load into the same table, and what.

    Args:
        location: The table.
        source: The one that loads it now.
    """
    common: Any = import_module("dlt.common.pipeline")
    container: Any = import_module("dlt.common.configuration.container").Container()
    state, _ = common.pipeline_state(container, {})
    for name, held in state.get("sources", {}).items():
        if name != source:
            for query in _queries(held.get("resources", {}), location):
                yield name, query


def _queries(resources: Mapping[str, Any], location: Location) -> Iterator[str]:
    for name, state in resources.items():
        with suppress(Exception):  # of another kind of source
            other = TableState.of(state, name)
            if location.table and other.location == location:
                yield other.identity


class Disposition:
    """How the rows of one resource are written; what its user has set counts.

    A merge that begins without a state replaces the table once: rows that are there
    from before, and are gone from the company, would stay for ever.
    """

    def __init__(self) -> None:
        self._chosen: Any = _MERGE

    def of(self, resource: Any) -> tuple[str, str]:
        """Return disposition and strategy of *resource*, empty for that of dlt."""
        if resource.write_disposition != _ANEW:
            self._chosen = resource.write_disposition
        if isinstance(self._chosen, str):
            return self._chosen, ""
        return self._chosen["disposition"], self._chosen.get("strategy", "")

    def is_snapshot(self, resource: Any) -> bool:
        """Return whether each load has to have all rows."""
        disposition, strategy = self.of(resource)
        return disposition == REPLACE or strategy == _HISTORY

    def set(self, resource: Any, *, anew: bool) -> None:
        """Have *resource* written as chosen, or replaced if it is merged *anew*."""
        disposition, strategy = self.of(resource)
        replaces = anew and disposition == _MERGE and strategy != _HISTORY
        if resource.write_disposition != (
            wanted := _ANEW if replaces else self._chosen
        ):
            resource.apply_hints(write_disposition=wanted)
