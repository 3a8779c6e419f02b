"""Decides how new records are found again, and renders it as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async._codegen.overrides import OverrideError
from sage200_async._codegen.render import NOTICE

if TYPE_CHECKING:
    from sage200_async._codegen.inputs import Input
    from sage200_async._codegen.model import Models
    from sage200_async._codegen.overrides import Overrides
    from sage200_async._codegen.resources import Resource


def identities_module(
    resources: list[Resource],
    models: Models,
    inputs: dict[str, Input],
    overrides: Overrides,
) -> str:
    """Return the module of what identifies new records of each resource."""
    replies = {resource.where: resource.reply for resource in resources}
    lines: list[str] = []
    for resource in resources:
        if "post" in resource.collection:
            body = inputs.get(resource.bodies.get("post", ""))
            lines.append(_entry(resource.where, body, models, replies, overrides))
    doc = (
        "How new records are found again; None where nobody knows, or nothing is kept."
    )
    imports = "from typing import Final\n\nfrom sage200_async.query.identity import Identity\n"
    table = f"IDENTITIES: Final[dict[str, Identity | None]] = {{\n{''.join(lines)}}}\n"
    return f'"""{doc}\n\n{NOTICE}\n"""\n\n{imports}\n{table}'


def _entry(
    where: str,
    body: Input | None,
    models: Models,
    replies: dict[str, str | None],
    overrides: Overrides,
) -> str:
    """Return the line of one resource.

    Raises:
        OverrideError: A field of its identity is not written, or not read.
    """
    key = overrides.names("natural_key", where)
    *marker, found_in = overrides.names("marker", where) or (where,)
    fields = key or tuple(marker)
    if not fields:
        return f'    "{where}": None,\n'
    written = {field.name for field in body.names} if body else set[str]()
    record = models.records.get(replies.get(found_in) or "")
    for name in fields:
        if name not in written or record is None or record.field(name) is None:
            raise OverrideError(
                f"{where}: {name!r} is not written, or not in {found_in}"
            )
    by, table = ("key", "natural_key") if key else ("marker", "marker")
    source = overrides.source(table, where)
    return f'    "{where}": Identity("{by}", {fields!r}, "{found_in}", {source!r}),\n'
