"""Renders what writes take, as typed dicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sage200_async._codegen.inputs import ANYTHING, InputField
from sage200_async._codegen.names import camel
from sage200_async._codegen.render import (
    CATALOG,
    catalog_imports,
    head,
    import_line,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sage200_async._codegen.inputs import Input
    from sage200_async._codegen.render import Homes

DATE_OR_TIME: Final = '''
from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

DateOrTime: TypeAlias = datetime | date
"""A time; a plain date means its midnight."""
'''


def inputs_module(inputs: Iterable[Input], area: str, homes: Homes) -> str:
    """Return the module of what writes of one area take."""
    body = "\n\n\n".join(_input(written) for written in inputs if written.area == area)
    alias = ["DateOrTime"] if "DateOrTime" in body else []
    library = [import_line(f"{CATALOG}.inputs", alias)]
    top = head(f"What writes of the `{area}` document take.", body, library)
    return f"{top}\n{body}\n\n{catalog_imports(body, f'inputs.{area}', homes)}"


def public_names(written: Input) -> list[str]:
    """Return the names that `inputs_module` defines for one record."""
    return re.findall(
        r"^(?:class )?([A-Z]\w+)(?:\(|: TypeAlias)", _input(written), re.MULTILINE
    )


def _input(written: Input) -> str:
    """Return the inputs of one record: to create, to change, and as a row."""
    name = camel(written.record)
    if not written.names:
        return f"{name}Input: TypeAlias = {ANYTHING}\n" + quoted(
            "Its fields are not documented."
        )
    required = [field for field in written.names if field.required and written.created]
    optional = [field for field in written.names if field not in required]
    base, parts = _created(written, required, optional)
    names = required if written.created else optional
    if written.changed:
        doc = f"What updating a `{name}` takes: only what changes."
        with_id = [*_id(written, wanted=written.bulk), *names]
        parts.append(_typed(f"{name}Changes", base, doc, with_id))
        base, names = (base, names) if written.created else (f"{name}Changes", [])
    if written.row:
        doc = f"A `{name}` inside another input: with its id to change it."
        row = f"{name}Row" if written.created else f"{name}Input"
        parts.append(_typed(row, base, doc, [*_id(written, wanted=True), *names]))
    return "\n\n\n".join(parts)


def _created(
    written: Input, required: list[InputField], optional: list[InputField]
) -> tuple[str, list[str]]:
    """Return the base class of the other inputs, and what a `create` takes."""
    name = camel(written.record)
    doc = f"What creating a `{name}` takes."
    if not written.created:
        return "TypedDict", []
    if not required:
        return f"{name}Input", [_typed(f"{name}Input", "TypedDict", doc, optional)]
    base = f"_{name}Optional"
    return base, [
        _typed(base, "TypedDict", f"Optional fields of a `{name}`.", optional),
        _typed(f"{name}Input", base, doc, required, total=True),
    ]


def _id(written: Input, *, wanted: bool) -> list[InputField]:
    return [InputField("id", "int")] if wanted and written.has_id else []


def _typed(
    name: str, base: str, doc: str, names: list[InputField], *, total: bool = False
) -> str:
    option = "" if total else ", total=False"
    lines = [f"class {name}({base}{option}):", quoted(f"    {doc}")]
    lines += [""] * bool(names)
    for field in names:
        lines.append(f"    {field.name}: {field.type}")
        lines += [quoted(f"    {field.note}")] * bool(field.note)
    return "\n".join(lines)
