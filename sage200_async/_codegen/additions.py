"""Adds the paths that Sage has added since its documents, each after one of its kin.

An override of the table ``path`` names the kin, then a part of the kin's names and what
stands there instead, then the fields that are taken over, or each with a minus those
that are not; all are, if it names none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sage200_async._codegen.overrides import NONE, OverrideError
from sage200_async._codegen.read import segments

if TYPE_CHECKING:
    from sage200_async._codegen.overrides import Overrides
    from sage200_async._codegen.read import Documents, Route


class _Kinship:
    """What one path has of another.

    Args:
        where: The path; ids as ``{}``.
        kin: The path that it is like.
        old: A part of the names of the kin's schemas and fields.
        new: What stands there instead; "none" for a schema of unknown fields.
        *fields: The fields that are taken over, or with a minus those that are not.
    """

    def __init__(self, where: str, kin: str, old: str, new: str, *fields: str) -> None:
        self._path = "/" + where.replace("{}", "{id}")
        self._kin = tuple(kin.split("/"))
        self._old, self._new = old, new
        self._wanted = {name for name in fields if not name.startswith("-")}
        self._unwanted = {name[1:] for name in fields if name.startswith("-")}

    def path(self, route: Route) -> str | None:
        """Return the path here, if *route* is of the kin or of its items."""
        parts = segments(route.path)
        if parts == self._kin:
            return self._path
        return f"{self._path}/{{Id}}" if parts == (*self._kin, "{}") else None

    def route(self, path: str, route: Route) -> Route:
        """Return a route of the kin's as it is here."""
        operations = tuple(
            replace(one, body=self._name(one.body), reply=self._name(one.reply))
            for one in route.operations
        )
        return replace(
            route,
            path=path,
            title="",
            operations=operations,
            changelog=(),
            kin="/".join(self._kin),
        )

    def add_schemas(self, documents: Documents, name: str | None) -> None:
        """Add what a schema of the kin's, and those of its related records, are here."""
        own = self._name(name)
        if name is None or own is None or own in documents.schemas:
            return
        schema = documents.schemas[name]
        taken = [
            one
            for one in schema.properties
            if one.name in (self._wanted or {one.name}) - self._unwanted
        ]
        properties = tuple(
            replace(
                one,
                name=one.name.replace(self._old, self._new),
                target=self._name(one.target),
            )
            for one in taken
        )
        documents.schemas[own] = replace(
            schema, name=own, properties=properties, kin=name
        )
        for one in taken:
            self.add_schemas(documents, one.target)

    def _name(self, schema: str | None) -> str | None:
        if schema is None or self._old not in schema:
            return schema
        return None if self._new == NONE else schema.replace(self._old, self._new)


def add_paths(documents: Documents, overrides: Overrides) -> None:
    """Add the paths that overrides describe to *documents*.

    Raises:
        OverrideError: The kin is no path, or the new path is in the documents.
    """
    for where in overrides.places("path"):
        kinship = _Kinship(where, *overrides.names("path", where))
        kin = {
            path: route
            for route in documents.routes.values()
            if (path := kinship.path(route)) is not None
        }
        if not kin or kin.keys() & documents.routes.keys():
            raise OverrideError(
                f"path {where}: its kin is no path, or it is there already"
            )
        for path, route in kin.items():
            documents.routes[path] = kinship.route(path, route)
            for operation in route.operations:
                kinship.add_schemas(documents, operation.body)
                kinship.add_schemas(documents, operation.reply)
