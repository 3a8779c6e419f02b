"""SQL text of a feed's own tables: pure, and the same for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async.extract.databases.sql import DELETED_AT, quoted, selected
from sage200_async.extract.feed.rows import RECORD, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sage200_async.extract.databases.sql import Dialect, Layout

GONE: Final = "deleted"
"""The version of what was acknowledged as deleted."""
ACKED: Final = "_sage200_acked"
LEASE: Final = "_sage200_lease"
COLUMNS: Final[dict[str, dict[str, str]]] = {
    ACKED: {
        "acked_resource": "TEXT NOT NULL",
        "acked_key": "BIGINT NOT NULL",
        "acked_version": "TEXT",
        "acked_present": "BOOLEAN NOT NULL",
    },
    LEASE: {
        "lease_name": "TEXT NOT NULL PRIMARY KEY",
        "lease_owner": "TEXT NOT NULL",
        "lease_until": "DOUBLE PRECISION NOT NULL",
    },
}
"""The columns of both tables. A version is null from when it is handed out until it is
acknowledged."""
_KEYS: Final = {ACKED: ", PRIMARY KEY (acked_resource, acked_key)", LEASE: ""}
_NOTHING: Final = "CAST(NULL AS TEXT)"


class Statements:
    """The statements on the tables of one state.

    Args:
        schema: The schema that they are in.
        dialect: The words of the database.
    """

    def __init__(self, schema: str, dialect: Dialect) -> None:
        self._schema, self._dialect = quoted(schema), dialect
        self._acked = f"{self._schema}.{ACKED}"
        self._lease = f"{self._schema}.{LEASE}"
        self._value = dialect.placeholder

    def create(self, name: str) -> str:
        """Create one of the two tables."""
        columns = ", ".join(f"{one} {kind}" for one, kind in COLUMNS[name].items())
        return f"CREATE TABLE {self._schema}.{name} ({columns}{_KEYS[name]})"

    def holder(self) -> str:
        """Return owner and end of the lease of a name."""
        return (
            f"SELECT lease_owner, lease_until FROM {self._lease} "
            f"WHERE lease_name = {self._value}"
        )

    def take(self) -> str:
        """Store who has the lease of a name, and until when."""
        value = self._value
        return (
            f"INSERT INTO {self._lease} (lease_name, lease_owner, lease_until) "
            f"VALUES ({value}, {value}, {value}) ON CONFLICT (lease_name) DO UPDATE "
            "SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until"
        )

    def renew(self) -> str:
        """Move the end of the lease, if it is the owner's and has not ended."""
        value = self._value
        return (
            f"UPDATE {self._lease} SET lease_until = {value} WHERE lease_name = {value} "
            f"AND lease_owner = {value} AND lease_until > {value}"
        )

    def release(self) -> str:
        """Delete the lease of an owner."""
        return f"DELETE FROM {self._lease} WHERE lease_owner = {self._value}"

    def any_acked(self) -> str:
        """Return a row if a key of a resource was ever handed out."""
        return (
            f"SELECT 1 FROM {self._acked} WHERE acked_resource = {self._value} LIMIT 1"
        )

    def acknowledge_all(self, copy: Layout) -> str:
        """Acknowledge every row of a copy as it is."""
        key = quoted(copy.table.key[0])
        return (
            f"INSERT INTO {self._acked} SELECT {self._value}, {key}, "
            f"CASE WHEN {quoted(DELETED_AT)} IS NULL THEN {VERSION} ELSE '{GONE}' END, "
            f"{quoted(DELETED_AT)} IS NULL FROM {copy.qualified}"
        )

    def hand_out(self, resource: str, keys: Iterable[int]) -> str:
        """Forget which version of *keys* was acknowledged last."""
        rows = ", ".join(f"({_text(resource)}, {key:d}, NULL, FALSE)" for key in keys)
        return (
            f"INSERT INTO {self._acked} VALUES {rows} ON CONFLICT "
            "(acked_resource, acked_key) DO UPDATE SET acked_version = NULL"
        )

    def acknowledge(self, rows: Iterable[tuple[str, int, str]]) -> str:
        """Store the version of each resource and key."""
        values = ", ".join(
            f"({_text(resource)}, {key:d}, {_text(version)}, {version != GONE})"
            for resource, key, version in rows
        )
        return (
            f"INSERT INTO {self._acked} VALUES {values} ON CONFLICT "
            "(acked_resource, acked_key) DO UPDATE SET "
            "acked_version = excluded.acked_version, "
            "acked_present = excluded.acked_present"
        )

    def count_lost(self, copy: Layout, resource: str) -> str:
        """Count the keys that are not acknowledged as deleted, and those a copy lacks."""
        key = quoted(copy.table.key[0])
        lacks = f"NOT EXISTS (SELECT 1 FROM {copy.qualified} WHERE {key} = acked_key)"
        return (
            f"SELECT count(*), coalesce(sum(CASE WHEN {lacks} THEN 1 ELSE 0 END), 0) "
            f"FROM {self._acked} WHERE acked_resource = {_text(resource)} "
            f"AND acked_version {self._dialect.is_distinct} '{GONE}'"
        )

    def pending(self, copy: Layout, resource: str, after: int, limit: int) -> str:
        """Return what was not acknowledged as it is, in the order of the keys.

        Returns:
            Key, stamp, version, record, whether it was acknowledged as present, and
            whether it is gone. The second half is of keys that the copy lacks, since
            it was lost and built anew.
        """
        key = quoted(copy.table.key[0])
        resource, differs = _text(resource), self._dialect.is_distinct
        column = next((c for c in copy.table.columns if c.kind == "datetime"), None)
        stamp = _NOTHING if column is None else selected(copy, column)
        gone = quoted(DELETED_AT)
        return (
            f"SELECT {key}, {stamp}, {VERSION}, {RECORD}, acked_present, "
            f"{gone} IS NOT NULL FROM {copy.qualified} LEFT JOIN {self._acked} "
            f"ON acked_resource = {resource} AND acked_key = {key} "
            f"WHERE {key} > {after:d} AND (({gone} IS NULL AND acked_version {differs} "
            f"{VERSION}) OR ({gone} IS NOT NULL AND acked_key IS NOT NULL "
            f"AND acked_version {differs} '{GONE}')) UNION ALL "
            f"SELECT acked_key, {_NOTHING}, {_NOTHING}, {_NOTHING}, acked_present, TRUE "
            f"FROM {self._acked} WHERE acked_resource = {resource} "
            f"AND acked_key > {after:d} AND acked_version {differs} '{GONE}' "
            f"AND NOT EXISTS (SELECT 1 FROM {copy.qualified} WHERE {key} = acked_key) "
            f"ORDER BY 1 LIMIT {limit}"
        )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
