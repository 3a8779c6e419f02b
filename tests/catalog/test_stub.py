"""What type checkers read of the catalog is what Python runs."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

from sage200_async import catalog
from sage200_async.odata.namespaces import Fields, names_of
from sage200_async.query.endpoint import Binder, Endpoint
from sage200_async.query.query import Query

FOLDER = Path(catalog.__file__).parent
STUB = ast.parse((FOLDER / "endpoints.pyi").read_text("utf-8"))
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}


def below(owner: type[Binder]) -> Iterator[tuple[str, Endpoint[Any]]]:
    """Yield every endpoint with its class and attribute, those below items too."""
    for name in dir(owner):
        endpoint = getattr(owner, name)
        if isinstance(endpoint, Endpoint):
            yield f"{owner.__name__}.{name}", endpoint
            if endpoint.item is not None:
                yield from below(endpoint.item)


ENDPOINTS = dict(below(catalog.Endpoints))
READ = {
    name: endpoint
    for name, endpoint in ENDPOINTS.items()
    if issubclass(endpoint.resource, Query) and endpoint.record is not None
}


def declared(name: str) -> str:
    """Return what the stub declares an endpoint to be a resource of."""
    owner, _, attribute = name.partition(".")
    (annotation,) = [
        node.annotation
        for node in CLASSES[owner].body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == attribute
    ]
    return ast.unparse(annotation).removeprefix("Endpoint[").removesuffix("]")


@cache
def names_taken(area: str) -> ModuleType:
    """Run a stub of what queries take; Python itself imports none of them."""
    module = ModuleType(f"filters_of_{area}")
    sys.modules[module.__name__] = module  # get_type_hints() looks there
    SourceFileLoader(
        module.__name__, str(FOLDER / "filters" / f"{area}.pyi")
    ).exec_module(module)
    return module


def taken(endpoint: Endpoint[Any], method: str) -> Any:
    """Return the type of what a method of the endpoint's queries takes."""
    record = endpoint.record
    assert record
    module = names_taken(record.__module__.rpartition(".")[2])
    return getattr(module, f"{record.__name__}{method}", None)


def test_the_stub_has_every_endpoint_and_no_other() -> None:
    """Each class of endpoints has the same attributes in the stub as at run time."""
    stub = {
        f"{name}.{ast.unparse(node.target)}"
        for name, kind in CLASSES.items()
        for node in kind.body
        if isinstance(node, ast.AnnAssign)
    }
    assert stub == ENDPOINTS.keys()


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_resource_is_of_the_kind_that_the_stub_declares(name: str) -> None:
    """A checker sees the operations that a resource has, and its queries by name."""
    kind = declared(name)
    assert (kind in CLASSES) is (name in READ)
    base = ast.unparse(CLASSES[kind].bases[0]) if kind in CLASSES else kind
    assert base.partition("[")[0] == ENDPOINTS[name].resource.__name__


@pytest.mark.parametrize("name", READ)
def test_every_name_that_checkers_accept_is_accepted(name: str) -> None:
    """Keywords and names in the types of a resource's queries pass at run time."""
    endpoint = READ[name]
    keywords = dict.fromkeys(get_type_hints(taken(endpoint, "Filter")))
    query: Any = endpoint.query
    assert query.filter(**keywords).options.filter is not None
    assert query.select(*get_args(taken(endpoint, "Select"))).options.select
    assert query.order_by(*get_args(taken(endpoint, "OrderBy"))).options.order_by
    related = get_args(taken(endpoint, "Expand"))
    assert query.expand(*related).options.expand == tuple(dict.fromkeys(related))


@pytest.mark.parametrize("name", READ)
def test_checkers_accept_every_name(name: str) -> None:
    """No field of a record is left out of the types, nor related records."""
    endpoint = READ[name]
    assert endpoint.fields
    kinds = names_of(type(endpoint.fields))
    plain = {name for name, kind in kinds.items() if not issubclass(kind, Fields)}
    assert get_type_hints(taken(endpoint, "Filter")).keys() == plain
    assert set(get_args(taken(endpoint, "Select"))) == kinds.keys()
    ways = {f"{name}{way}" for name in plain for way in ("", " asc", " desc")}
    assert set(get_args(taken(endpoint, "OrderBy"))) == ways
    related = set(get_args(taken(endpoint, "Expand")))
    assert kinds.keys() - plain <= related


def test_the_names_are_not_loaded_with_the_endpoints() -> None:
    """Only type checkers need them, so importing the endpoints imports none."""
    source = Path(catalog.__file__).with_name("endpoints.py").read_text("utf-8")
    assert "catalog.filters" not in source
    assert "catalog.inputs" not in source
