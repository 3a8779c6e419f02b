"""Views that are no tables: SQL that makes a row of its record when it is read."""

from __future__ import annotations

import functools
from typing import Final

from sage200_async.sandbox.store.view_plans import plan_of, split_path
from sage200_async.sandbox.store.view_rows import body_of, related_of
from sage200_async.sandbox.store.view_specs import VIEWS

FUNCTIONS: Final = (("view_body", -1, body_of), ("view_related", 2, related_of))
"""SQL functions that the views use: names, numbers of arguments, and what they do."""


def is_made_of_one_table(view: str) -> bool:
    """Whether each row of a view shows one record, not a row in one."""
    return view in VIEWS and not VIEWS[view].rows


def resources_in(view: str) -> set[str]:
    """Return the resources whose records a view shows."""
    spec = VIEWS[view]
    return {spec.base, *(resource for resource, _ in spec.links.values())}


def create_view_sql(view: str) -> str:
    """Return the statement that creates a view.

    Its columns are those of a table; and what its rows are made of: `base` and
    `related` of the record, `link0` and so on of those that it is linked to.
    """
    spec = VIEWS[view]
    linked = [f"link{number}.body" for number in range(len(spec.links))]
    arguments = ", ".join([f"'{view}'", "record.body", "record.expandables", *linked])
    columns = ", ".join(
        [
            "record.key AS key",
            f"view_body({arguments}) AS body",
            f"view_related('{view}', record.expandables) AS expandables",
            "0 AS parent",
            "record.body AS base",
            "record.expandables AS related",
            *(f"{body} AS {body.removesuffix('.body')}" for body in linked),
        ]
    )
    joins = "".join(
        f' LEFT JOIN "{resource}" link{number} ON link{number}.key = '
        + _linked_id(view, path)
        for number, (resource, path) in enumerate(spec.links.values())
    )
    select = f'SELECT {columns} FROM "{spec.base}" record{joins}'  # noqa: S608 - the catalog's
    return f'CREATE TEMP VIEW "{view}" AS {select}'


def _linked_id(view: str, path: str) -> str:
    """Return the SQL of the id of a linked record, within the view."""
    spec, (source, name) = VIEWS[view], split_path(path)
    if source in spec.parts:
        return f"json_extract(record.expandables, '$.{spec.parts[source]}.{name}')"
    linked = f"link{list(spec.links).index(source)}" if source else "record"
    return f"json_extract({linked}.body, '$.{name}')"


@functools.cache
def view_columns(view: str) -> dict[str, str]:
    """Return the SQL of the fields that need not be read from a whole row of a view.

    Those of the record, so that its indexes are used, and of linked records.
    """
    spec, columns = VIEWS[view], dict[str, str]()
    numbers = {prefix: number for number, prefix in enumerate(spec.links)}
    for field in plan_of(view).fields:
        if not field.is_copied:
            continue
        if not field.source:
            columns[field.name] = f"json_extract(base, '$.{field.source_name}')"
        elif field.source in numbers:
            linked = f"link{numbers[field.source]}"
            value = f"json_extract({linked}, '$.{field.source_name}')"
            columns[field.name] = _or_blank(value, field.blank)
    return columns


def _or_blank(value: str, blank: bytes) -> str:
    """Return the SQL of a value, or that of its blank."""
    if not blank:
        return value
    text = blank.decode()
    sql = {"true": "1", "false": "0"}.get(text, text)
    if text[:1] == '"':
        sql = f"'{text[1:-1]}'"
    return f"COALESCE({value}, {sql})"
