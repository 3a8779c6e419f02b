"""Builds the whole catalog: the text of every file, and the irregularities."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from sage200_async._codegen import render
from sage200_async._codegen.additions import add_paths
from sage200_async._codegen.identities import identities_module
from sage200_async._codegen.inputs import bodies_of, inputs_of
from sage200_async._codegen.model import models_of
from sage200_async._codegen.names import camel
from sage200_async._codegen.read import Finding, parameters, read
from sage200_async._codegen.render_endpoints import endpoints_module, endpoints_stub
from sage200_async._codegen.render_filters import filters_module
from sage200_async._codegen.render_inputs import (
    DATE_OR_TIME,
    inputs_module,
    public_names,
)
from sage200_async._codegen.resources import Decider, resources_of
from sage200_async._codegen.rules import rules_module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sage200_async._codegen.inputs import Input
    from sage200_async._codegen.model import Models
    from sage200_async._codegen.overrides import Overrides
    from sage200_async._codegen.read import Documents, Property
    from sage200_async._codegen.resources import Endpoint


class Catalog(Struct, frozen=True):
    """The generated files, and what is reported of them."""

    files: dict[str, str]
    """The text of each file, by its path below the catalog."""
    counts: dict[str, int]
    findings: tuple[Finding, ...]


def build(folder: Path, overrides: Overrides) -> Catalog:
    """Build the catalog from the documents in *folder*.

    Raises:
        OverrideError: A correction changes nothing.
    """
    documents = read(folder)
    add_paths(documents, overrides)
    models = models_of(documents, overrides)
    bodies = bodies_of(documents, overrides)
    inputs = inputs_of(documents, models, bodies)
    decider = Decider(documents, models, overrides)
    resources = resources_of(documents, overrides)
    endpoints = [decider.endpoint(resource) for resource in resources]
    rules = _rules(_documented(inputs, models), overrides)
    rules["identities.py"] = identities_module(resources, models, inputs, overrides)
    overrides.check()
    _report(documents, models)
    counts = _counts(documents, models, inputs, endpoints)
    homes = _homes(models, inputs, endpoints)
    files = _files(models, inputs, endpoints, homes) | rules
    files["manifest.json"] = _manifest(documents, models, counts)
    return Catalog(files, counts, tuple(sorted(set(documents.findings))))


def _files(
    models: Models,
    inputs: dict[str, Input],
    endpoints: list[Endpoint],
    homes: render.Homes,
) -> dict[str, str]:
    files = {
        "__init__.py": render.public_module(homes),
        "endpoints.py": endpoints_module(endpoints, homes),
        "endpoints.pyi": endpoints_stub(endpoints, models, homes),
        "models/__init__.py": render.package_module(
            "Records and their fields, a module for each document of Sage's.\n\n"
            "A date under a field is of the first entry of Sage's changelog that names it."
        ),
        "inputs/__init__.py": render.package_module(
            "What writes take, a module for each document of Sage's.",
            DATE_OR_TIME,
        ),
        "filters/__init__.pyi": render.package_module(
            "What queries take, a module for each document of Sage's; for type checkers."
        ),
    }
    for area in sorted({record.area for record in models.records.values()}):
        files[f"models/{area}.py"] = render.models_module(models, area, homes)
    for area in sorted({written.area for written in inputs.values()}):
        files[f"inputs/{area}.py"] = inputs_module(inputs.values(), area, homes)
    read_records = _read_records(endpoints)
    for area in sorted({models.records[name].area for name in read_records}):
        files[f"filters/{area}.pyi"] = filters_module(models, read_records, area)
    return files


def _read_records(endpoints: list[Endpoint]) -> set[str]:
    """Return the records that queries return."""
    everything = [*endpoints, *_below(endpoints)]
    return {end.model for end in everything if end.query and end.model}


def _documented(inputs: dict[str, Input], models: Models) -> dict[str, Input]:
    """Return the inputs of what the documents have: for others they set no rules."""
    return {name: inputs[name] for name in inputs if not models.records[name].inferred}


def _rules(inputs: dict[str, Input], overrides: Overrides) -> dict[str, str]:
    """Return the modules of what inputs have to fulfil."""
    areas = sorted({written.area for written in inputs.values()})
    doc = "What inputs have to fulfil, a module for each document of Sage's."
    return {"rules/__init__.py": render.package_module(doc)} | {
        f"rules/{area}.py": rules_module(inputs.values(), area, overrides)
        for area in areas
    }


def _homes(
    models: Models, inputs: dict[str, Input], endpoints: list[Endpoint]
) -> render.Homes:
    """Return the module of each public name.

    Raises:
        ValueError: Two things have one name.
    """
    homes: list[tuple[str, str]] = [("Endpoints", "endpoints")]
    for record in models.records.values():
        name = camel(record.name)
        home = f"models.{record.area}"
        homes += [(name, home), (f"{name}Fields", home)]
    for written in inputs.values():
        home = f"inputs.{written.area}"
        homes += [(name, home) for name in public_names(written)]
    homes += [(item, "endpoints") for item in _items(endpoints)]
    counts = Counter(name for name, _ in homes)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(f"several things called {', '.join(repeated)}")
    return dict(sorted(homes))


def _items(endpoints: tuple[Endpoint, ...] | list[Endpoint]) -> Iterator[str]:
    for endpoint in endpoints:
        if endpoint.item is not None:
            yield endpoint.item
        yield from _items(endpoint.below)


def _below(endpoints: tuple[Endpoint, ...] | list[Endpoint]) -> Iterator[Endpoint]:
    for endpoint in endpoints:
        yield from endpoint.below
        yield from _below(endpoint.below)


def _counts(
    documents: Documents,
    models: Models,
    inputs: dict[str, Input],
    endpoints: list[Endpoint],
) -> dict[str, int]:
    routes = documents.routes.values()
    parents = [endpoint for endpoint in endpoints if endpoint.kind == "Parent"]
    unresolved = list(models.placeholders.values()).count(None)
    return {
        "documents": len(documents.digests),
        "paths": len(routes),
        "operations": sum(len(route.operations) for route in routes),
        "schemas": len(documents.schemas),
        "records": len(models.records),
        "fields": sum(len(record.fields) for record in models.records.values()),
        "inputs": sum(len(public_names(w)) for w in inputs.values()),
        "root endpoints": len(endpoints) - len(parents),
        "parents": len(parents),
        "nested endpoints": len(list(_below(endpoints))),
        "item classes": len(list(_items(endpoints))),
        "placeholders resolved": len(models.placeholders) - unresolved,
        "placeholders unresolved": unresolved,
    }


def _report(documents: Documents, models: Models) -> None:
    """Report what only shows when all documents are read together."""
    kinds: dict[str, set[str]] = {}
    for schema in documents.schemas.values():
        _add_kinds(schema.properties, kinds)
    for name, several in kinds.items():
        if len(several) > 1:
            note = ", ".join(sorted(several))
            documents.report("name of several kinds", name, note)
    for name, count in Counter(parameters(documents)).items():
        if name[0].isupper():
            documents.report("path parameter in capitals", name, f"{count} paths")
    for where, record in models.placeholders.items():
        if record is None:
            documents.report("placeholder left unresolved", where)


def _add_kinds(properties: tuple[Property, ...], kinds: dict[str, set[str]]) -> None:
    for field in properties:
        kinds.setdefault(field.name, set()).add(field.kind)
        _add_kinds(field.inside, kinds)


def _manifest(documents: Documents, models: Models, counts: dict[str, int]) -> str:
    resolved = {where: to for where, to in models.placeholders.items() if to}
    unresolved = sorted(where for where, to in models.placeholders.items() if not to)
    content = {
        "counts": counts,
        "documents": documents.digests,
        "placeholders": {"resolved": resolved, "unresolved": unresolved},
    }
    return f"{json.dumps(content, indent=2, sort_keys=True)}\n"
