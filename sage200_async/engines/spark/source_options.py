"""The options of the data source, checked before any I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.catalog import Endpoints
from sage200_async.errors import QueryError
from sage200_async.odata.expressions import raw
from sage200_async.odata.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.query.collection import CollectionQuery
    from sage200_async.query.endpoint import Endpoint

_BOTH: Final = ("resource", "tokenStore", "profile")
_READ: Final = (
    *_BOTH,
    "columns",
    "filter",
    "expand",
    "numPartitions",
    "certificates",
    "rejects",
)
_STREAM: Final = (*_READ, "overlap")
_WRITE: Final = (*_BOTH, "by", "journal", "workers", "settle")
_PARTITIONS: Final = 8
_OVERLAP: Final = 3600.0
_WORKERS: Final = 4
_NO_KEY: Final = (
    "{0} has no unique key, and Spark's tasks share out a resource by ranges of its key: "
    "export it with `sage200 export {0} --format parquet --to FOLDER`, and read that "
    "folder with spark.read.parquet"
)


class ReadOptions(Struct, frozen=True, kw_only=True):
    """What is read, and how."""

    resource: str
    columns: tuple[str, ...] = ()
    """Fields that are selected; all where there are none."""
    filter: str = ""
    """A condition of OData."""
    expand: tuple[str, ...] = ()
    partitions: int = _PARTITIONS
    token_store: str = ""
    """The URL of tokens that executors use, too."""
    profile: str = ""
    certificates: str = ""
    """The folder of certificates; none are kept where it is empty."""
    rejects: str = ""
    """The folder of records that do not fit; such a record is an error where it is empty."""
    overlap: float = _OVERLAP
    """Seconds before the newest stamp from which a stream reads again."""

    @classmethod
    def of(cls, options: Mapping[str, str], *, is_stream: bool) -> ReadOptions:
        """Return the options of a read.

        Raises:
            QueryError: One is unknown, missing or malformed.
        """
        texts = _known(options, _STREAM if is_stream else _READ)
        return cls(
            resource=_required(texts, "resource", "customers"),
            columns=_names(texts, "columns"),
            filter=texts.get("filter", ""),
            expand=_names(texts, "expand"),
            partitions=int(_number(texts, "numPartitions", _PARTITIONS, whole=True)),
            token_store=texts.get("tokenStore", ""),
            profile=texts.get("profile", ""),
            certificates=texts.get("certificates", ""),
            rejects=texts.get("rejects", ""),
            overlap=_number(texts, "overlap", _OVERLAP),
        )

    @property
    def query(self) -> CollectionQuery[Any]:
        """The query, bound to no client.

        Raises:
            QueryError: The catalog has no such resource, it cannot be listed, or it
                has no unique key.
            UnknownFieldError: The record has no field of a name.
        """
        endpoint = endpoint_of(self.resource)
        if "list" not in endpoint.verbs:
            message = f"{self.resource} cannot be listed: see `sage200 describe`"
            raise QueryError(message)
        if endpoint.key is None:
            raise QueryError(_NO_KEY.format(self.resource))
        query: CollectionQuery[Any] = endpoint.query
        if self.filter:
            query = query.filter(raw(self.filter))
        return query.select(*self.columns).expand(*self.expand)


class WriteOptions(Struct, frozen=True, kw_only=True):
    """Where rows are written, and how they are found again."""

    resource: str
    by: tuple[str, ...]
    """The fields that no two records share; those of the catalog where it is empty."""
    journal: str
    workers: int
    settle: float | None
    """Seconds, or None for the default of `Upsert.upsert`."""
    token_store: str
    profile: str

    @classmethod
    def of(cls, options: Mapping[str, str]) -> WriteOptions:
        """Return the options of a write.

        Raises:
            QueryError: One is unknown, missing or malformed.
        """
        texts = _known(options, _WRITE)
        settle = _number(texts, "settle", -1.0)
        return cls(
            resource=_required(texts, "resource", "customers"),
            by=_names(texts, "by"),
            journal=_required(texts, "journal", "sqlite:///job.db"),
            workers=int(_number(texts, "workers", _WORKERS, whole=True)),
            settle=settle if settle >= 0 else None,
            token_store=texts.get("tokenStore", ""),
            profile=texts.get("profile", ""),
        )


def endpoint_of(resource: str) -> Endpoint[Any]:
    """Return the endpoint of a resource in the catalog.

    Raises:
        QueryError: There is none of that name.
    """
    endpoints = Endpoints.endpoints()
    if resource not in endpoints:
        hint = did_you_mean(resource, endpoints, "`sage200 resources` lists them")
        raise QueryError(f"the catalog has no resource {resource!r}{hint}")
    return endpoints[resource]


def _known(options: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return the options by their names as they are documented; Spark ignores case."""
    spelt = {name.lower(): name for name in names}
    texts: dict[str, str] = {}
    for name, text in options.items():
        if name.lower() not in spelt:
            hint = did_you_mean(name, names, f"there are {', '.join(names)}")
            raise QueryError(f"sage200 has no option {name!r} here{hint}")
        texts[spelt[name.lower()]] = text.strip()
    return texts


def _required(texts: Mapping[str, str], name: str, example: str) -> str:
    if texts.get(name):
        return texts[name]
    raise QueryError(f"set the option {name!r}, as in .option({name!r}, {example!r})")


def _names(texts: Mapping[str, str], name: str) -> tuple[str, ...]:
    names = (part.strip() for part in texts.get(name, "").split(","))
    return tuple(dict.fromkeys(part for part in names if part))


def _number(
    texts: Mapping[str, str], name: str, default: float, *, whole: bool = False
) -> float:
    text = texts.get(name)
    if not text:
        return default
    expected = "a whole number, 1 or more" if whole else "seconds, 0 or more"
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = -1.0
    if number >= whole and number < float("inf"):
        return number
    raise QueryError(f"{name}: expected {expected}, got {text!r}")
