"""Renders the endpoints: what Python runs, and the stub that type checkers read.

Without the classes of queries, which only type checkers need, the package is smaller
and imported faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sage200_async._codegen.names import camel
from sage200_async._codegen.render import (
    CATALOG,
    catalog_imports,
    head,
    import_line,
    quoted,
    used,
)
from sage200_async._codegen.render_filters import alias, filter_homes
from sage200_async._codegen.resources import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async._codegen.model import Models
    from sage200_async._codegen.render import Homes

Declare = Callable[[Endpoint], str]
_DOC: Final = "The endpoints of the client: declarations only."
_LIBRARY: Final = {
    "odata.expressions": ("Expression",),
    "odata.fields": ("Ordering",),
    "odata.namespaces": ("AnyName",),
    "query.collection": ("CollectionQuery",),
    "query.endpoint": ("Binder", "Endpoint", "Item"),
    "query.operations": ("Create", "Get", "Parent", "Single"),
    "query.resources": (
        "BatchUpdateResource",
        "CreateUpdate",
        "GetUpdate",
        "ListCreate",
        "ListGet",
        "ListGetUpdate",
        "ListGetUpdateDelete",
        "ListParent",
        "Resource",
    ),
}
_CHECKERS: Final = """\
# pyright: reportIncompatibleMethodOverride=false
# mypy: disable-error-code="override"
# A query of a resource takes the names of its record only, and others take any name.
"""


def endpoints_module(endpoints: list[Endpoint], homes: Homes) -> str:
    """Return the module of the endpoints, those below an item first."""
    classes = _classes(endpoints, lambda endpoint: _declaration(endpoint, homes))
    body = "\n\n".join([f'_MODELS = "{CATALOG}.models."\n', *classes])
    return f"{head(_DOC, body, _library(body))}\n{body}\n"


def endpoints_stub(endpoints: list[Endpoint], models: Models, homes: Homes) -> str:
    """Return the stub of that module, with a class for each resource that is read."""
    queries = [_query(endpoint, models) for endpoint in _all(endpoints)]
    body = "\n".join([*filter(None, queries), *_classes(endpoints, _typed)])
    imports = catalog_imports(body, "endpoints", homes | filter_homes(models))
    return f"{_CHECKERS}\n{head(_DOC, body, [imports, *_library(body)])}\n{body}\n"


def _library(body: str) -> list[str]:
    return [
        import_line(f"sage200_async.{module}", used(body, names))
        for module, names in _LIBRARY.items()
    ]


def _all(endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
    for endpoint in endpoints:
        yield endpoint
        yield from _all(endpoint.below)


def _query(endpoint: Endpoint, models: Models) -> str:
    """Return the class of a resource's queries, whose methods know its names."""
    if endpoint.query is None or endpoint.model is None:
        return ""
    record = models.records[endpoint.model]
    extra = ", ".join(f'"{name}"' for name in endpoint.extra_expands)
    expands = [f"Literal[{extra}]"] * bool(extra)
    has_related = any(field.kind == "expandable" for field in record.fields)
    expands += [alias(record, "Expand")] * has_related
    kind = f"{endpoint.kind}[{', '.join(endpoint.arguments)}]"
    methods = {
        "filter": (
            "*conditions: Expression",
            f"**equals: Unpack[{alias(record, 'Filter')}]",
        ),
        "select": (f"*names: {alias(record, 'Select')} | AnyName",),
        "expand": (f"*names: {' | '.join([*expands, 'AnyName'])}",),
        "order_by": (f"*keys: {alias(record, 'OrderBy')} | AnyName | Ordering",),
    }
    lines = [f"class {endpoint.query}({kind}):"]
    lines.append(quoted(f"    `{endpoint.where}`, and every query made from it."))
    for name, parameters in methods.items():
        lines.append(f"    def {name}(self, {', '.join(parameters)}) -> Self: ...")
    return "\n".join([*lines, ""])


def _classes(endpoints: list[Endpoint], declare: Declare) -> Iterator[str]:
    """Yield the classes of items, those further below first, and `Endpoints`."""
    for endpoint in endpoints:
        yield from _items(endpoint, declare)
    doc = "A typed attribute for each resource."
    yield _class("Endpoints", "Binder", doc, endpoints, declare)


def _items(endpoint: Endpoint, declare: Declare) -> Iterator[str]:
    for inner in endpoint.below:
        yield from _items(inner, declare)
    if endpoint.item is not None:
        doc = f"What is below one of `{endpoint.where}`."
        yield _class(endpoint.item, "Item", doc, endpoint.below, declare)


def _class(
    name: str, base: str, doc: str, endpoints: Iterable[Endpoint], declare: Declare
) -> str:
    lines = [f'class {name}({base}):\n    """{doc}"""\n']
    for endpoint in endpoints:
        lines += [f"    {declare(endpoint)}", quoted(f"    {endpoint.doc}"), ""]
    return "\n".join(lines)


def _typed(endpoint: Endpoint) -> str:
    """Return the declaration that type checkers read."""
    kind = f"{endpoint.kind}[{', '.join(endpoint.arguments)}]"
    return f"{endpoint.attribute}: Endpoint[{endpoint.query or kind}]"


def _declaration(endpoint: Endpoint, homes: Homes) -> str:
    """Return the declaration that Python runs."""
    arguments = [f'"{endpoint.path}"', endpoint.kind]
    if endpoint.model is not None:
        arguments.append(_lazily(endpoint.model, homes))
    if endpoint.reply is not None:
        arguments.append(f"reply={_lazily(endpoint.reply, homes)}")
    if endpoint.creates_many:
        arguments.append("creates_many=True")
    for name in ("key", "watermark", "extra_expands", "parameters", "default_order"):
        value = getattr(endpoint, name)
        if value:
            arguments.append(f"{name}={value!r}")
    if endpoint.professional_only:
        arguments.append("professional_only=True")
    if endpoint.item is not None:
        arguments.append(f"item={endpoint.item}")
    call = f"Endpoint({', '.join(arguments)})"
    return f"{endpoint.attribute}: Endpoint[Any] = {call}"


def _lazily(record: str, homes: Homes) -> str:
    name = camel(record)
    return f'_MODELS + "{homes[name].removeprefix("models.")}:{name}"'
