"""The generator: what it counts, what it reports, what it refuses."""

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

main = pytest.importorskip(
    "sage200_async._codegen.__main__", reason="the generator is not in the wheel"
)
from sage200_async._codegen.build import Catalog, build  # noqa: E402
from sage200_async._codegen.overrides import OverrideError, Overrides  # noqa: E402

DOCUMENTS = Path(
    os.environ.get("SAGE200_OPENAPI")
    or Path(__file__).parents[2].parent / "shared" / "openapi"
)
needs_documents = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason="Sage's documents are not here: set SAGE200_OPENAPI"
)
OVERRIDES = main.HERE / "overrides.toml"
IRREGULAR = [
    ("operation in two documents", "/customer_price_bands"),
    ("operation in two documents", "/customer_price_bands/{Id}"),
    ("schema in two documents", "urn"),
    ("schema in two documents", "customer_price_band"),
    ("schema in two documents", "ageing_period"),
    ("schema in two documents", "overdue_period"),
    ("format that is not one", "pop_order_line.cancel_requisition_lines"),
    ("format that is not one", "purchase_transaction_enquiry_view.discount_days"),
    ("format that is not one", "customer_view.default_tax_rate"),
    ("format that is not one", "supplier_view.default_tax_rate"),
    ("format that is not one", "pop_order.document_originator_id"),
    ("format that is not one", "pop_order.document_created_by_id"),
    (
        "format that is not one",
        "pop_order_return_line_receipt_return_view.pop_receipt_return_line_invoiced",
    ),
    ("id that is no whole number", "analysis_code_mapping.analysis_code_id"),
    ("id that is no whole number", "bank_view.electronic_bank_function_id"),
    ("id that is no whole number", "flow_state.flow_id"),
    *(
        ("name of several kinds", name)
        for name in (
            "code",
            "urn",
            "value",
            "status",
            "country_code",
            "period_number",
            "discount_days",
            "memos",
            "suppliers",
            "units",
            "search_category_name",
        )
    ),
    ("default past its length", "customer.account_type"),
    ("default that is prose", "sales_invoice.nominal_analysis_items[].department"),
    ("text without a length", "transaction_date_validation_response.message"),
    ("empty schema", "customers_new_request"),
    ("empty schema", "suppliers_new_request"),
    ("empty schema", "nominal_codes_new_request"),
    ("empty schema", "stock_transfer_response"),
    ("media type", "POST /bank_transfer reply"),
    ("media type", "POST /flow_states body"),
    ("media type", "POST /pending_emails body"),
    ("write without a body", "POST product_search"),
    ("write without a body", "POST stocktake_view_adjustments"),
    ("write without a body", "POST stocktake_enter_values"),
    ("write without a body", "POST stocktake_approve_complete"),
    ("path parameter in capitals", "Id"),
    ("path parameter in capitals", "CustomerContactId"),
    ("changelog names no field", "/sites 2020-09-16"),
    ("required, yet read-only", "cost_centre.code"),
    ("required, yet never created", "sop_order_line"),
    ("reply unlike the body", "sales_invoices"),
    ("update of a collection", "/couriers"),
    ("one object without an id", "licence"),
    ("create that answers with several", "suggested_products"),
    ("parent without operations", "traceable_items"),
    ("placeholder left unresolved", "nominal_code.sofa_category"),
    ("title that is no name", "bank_transfer"),
    ("list without a key", "sites"),
    ("name clash", "sites"),
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return build(DOCUMENTS, Overrides.load(OVERRIDES))


@needs_documents
def test_it_counts_what_the_documents_have(catalog: Catalog) -> None:
    """505 distinct paths, 710 distinct operations, 360 schemas, 317 resources.

    In 2025 Sage added 16 endpoints, of which 15 are resources, and four have items.
    """
    assert catalog.counts["paths"] == 505 + 16 + 4
    assert catalog.counts["operations"] == 710 + 23
    assert catalog.counts["schemas"] == 360 + 15
    assert catalog.counts["records"] == 360 + 15 + 22 + 61 + 2
    assert catalog.counts["root endpoints"] == 317 + 15


@needs_documents
@pytest.mark.parametrize(("what", "name"), IRREGULAR)
def test_it_reports_what_is_irregular(catalog: Catalog, what: str, name: str) -> None:
    """Everything out of the ordinary is reported by name."""
    assert (what, name) in {
        (finding.what, finding.name) for finding in catalog.findings
    }


@needs_documents
def test_the_catalog_is_what_the_documents_give(capsys) -> None:
    """Generating again would change no file of the package, and prints the counts."""
    assert main.main([str(DOCUMENTS), "--check"]) == 0
    assert "525 paths, 733 operations, 375 schemas" in capsys.readouterr().out


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    """Generate from made-up documents into a folder of its own."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "things.json").write_text(json.dumps(document()), encoding="utf-8")
    (tmp_path / "overrides.toml").write_text("", encoding="utf-8")

    def generate(*arguments: str) -> int:
        catalog, overrides = tmp_path / "catalog", tmp_path / "overrides.toml"
        where = ("--catalog", str(catalog), "--overrides", str(overrides))
        return main.main([str(folder), *where, *arguments])

    return generate


def document() -> dict[str, Any]:
    """Make up a document: a table of things, with names that Python cannot spell."""
    thing = {"$ref": "#/components/schemas/thing"}
    reply = {"200": {"content": {"application/json": {"schema": thing}}}}
    many = {"type": "array", "items": thing}
    listed = {"200": {"content": {"application/json": {"schema": many}}}}
    body = {"content": {"application/json": {"schema": thing}}}
    text = {"type": "string", "maxLength": 5}
    properties = {
        "id": {"type": "integer", "format": "int64", "readOnly": True},
        "name": text,
        "class": text,
        "fields": text,
        "thing_part": {"type": "object", "properties": {"size": text}},
        "owner": {"type": "object", "properties": {}},
    }
    return {
        "paths": {
            "/things": {
                "get": {"responses": listed},
                "post": {"responses": reply, "requestBody": body},
                "x-sage-pathtitle": "Things",
                "x-sage-changelog": [{"date": "31/01/2020", "names": ["name"]}],
            },
            "/things/{Id}": {
                "get": {"responses": reply},
                "put": {"responses": reply, "requestBody": body},
                "delete": {"responses": {"200": {"content": {}}}},
            },
            "/things/{thingId}/parts/{partId}/things": {"get": {"responses": listed}},
        },
        "components": {
            "schemas": {
                "thing": {"properties": properties, "required": ["name"]},
                "part": {"properties": {"name": text}},
            }
        },
    }


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_second_run_changes_nothing(run, tmp_path: Path) -> None:
    """The same documents give the same bytes, and nothing of the machine."""
    assert run() == 0
    first = files(tmp_path / "catalog")
    assert run() == 0
    assert files(tmp_path / "catalog") == first
    assert run("--check") == 0
    assert not [name for name, text in first.items() if str(tmp_path).encode() in text]


def test_check_names_the_files_that_differ(run, tmp_path: Path, capsys) -> None:
    """An edited, a missing and a foreign file each fail the check, by name."""
    run()
    folder = tmp_path / "catalog"
    edited = folder / "models" / "things.py"
    edited.write_text(f"{edited.read_text()}\n", encoding="utf-8")
    (folder / "manifest.json").unlink()
    (folder / "models" / "stale.py").touch()
    assert run("--check") == 1
    named = [line.split()[1] for line in capsys.readouterr().err.splitlines()]
    assert named == ["manifest.json", "models/stale.py", "models/things.py"]
    assert run() == 0
    assert not (folder / "models" / "stale.py").exists()
    assert run("--check") == 0


def test_an_override_without_effect_is_an_error(run, tmp_path: Path, capsys) -> None:
    """A correction of what is right already, or of nothing, stops the generator."""
    overrides = tmp_path / "overrides.toml"
    entry = '[[{}]]\nwhere = "{}"\nto = "{}"\nwhy = ""\nsource = ""\n'
    for table, where, to in (
        ("key", "things", "id"),
        ("key", "no_such_things", "id"),
        ("type", "thing.name", "text"),
        ("extra", "thing.name", "text"),
        ("no_such_table", "things", "id"),
    ):
        overrides.write_text(entry.format(table, where, to), encoding="utf-8")
        assert run() == 1
        assert f"change nothing: {table} {where}" in capsys.readouterr().err
    overrides.write_text(entry.format("key", "things", "none"), encoding="utf-8")
    assert run() == 0


def test_overrides_may_not_contradict(tmp_path: Path) -> None:
    """Two corrections of one thing are an error, as nobody knows which holds."""
    file = tmp_path / "overrides.toml"
    entry = '[[key]]\nwhere = "things"\nto = "id"\nwhy = ""\nsource = ""\n'
    file.write_text(entry * 2, encoding="utf-8")
    with pytest.raises(OverrideError, match="same thing"):
        Overrides.load(file)


def test_names_that_python_cannot_spell_are_renamed(
    run, tmp_path: Path, capsys
) -> None:
    """A reserved word gets an underscore in the record and keeps its name on the wire."""
    assert run() == 0
    text = (tmp_path / "catalog" / "models" / "things.py").read_text("utf-8")
    assert 'rename={"class_": "class", "fields_": "fields"}' in text
    assert "class_: str | None = None" in text
    assert "    class: " not in text
    out = capsys.readouterr().out
    assert "thing.class: class_ in records, left out of fields and inputs" in out
    assert "thing.fields: fields_ in records" in out


def test_dates_lengths_and_items_are_written_down(run, tmp_path: Path) -> None:
    """A field has its facts; what is below items has a class."""
    assert run() == 0
    models = (tmp_path / "catalog" / "models" / "things.py").read_text("utf-8")
    assert (
        '"""Text, 5 characters at most, required when created, changelog 2020-01-31."""'
        in models
    )
    assert '"""Related record, when expanded, of unknown fields."""' in models
    assert "class ThingPart(Record" in models
    for name in ("endpoints.py", "endpoints.pyi"):
        endpoints = (tmp_path / "catalog" / name).read_text("utf-8")
        assert "class ThingsPartsItem(Item):" in endpoints
        assert '"""Things: list, create, get, update, delete."""' in endpoints
    assert "parts: Endpoint[Parent[ThingsPartsItem]]" in endpoints
    inputs = (tmp_path / "catalog" / "inputs" / "things.py").read_text("utf-8")
    assert "class ThingInput(_ThingOptional):" in inputs
    note = '"""Text, 5 characters at most, required when created'
    assert f"    name: str\n    {note}" in inputs


def test_queries_know_the_names_of_their_records(run, tmp_path: Path) -> None:
    """Each resource that is read has a class of queries, with the names it takes."""
    entry = '[[values]]\nwhere = "{}"\nto = ["Big", "Small"]\nwhy = ""\nsource = ""\n'
    kind = '[[type]]\nwhere = "thing.name"\nto = "enum"\nwhy = ""\nsource = ""\n'
    overrides = entry.format("thing.name") + kind
    (tmp_path / "overrides.toml").write_text(overrides, encoding="utf-8")
    assert run() == 0
    folder = tmp_path / "catalog"
    stub = (folder / "endpoints.pyi").read_text("utf-8")
    assert "class ThingsQuery(Resource[Thing, ThingInput, ThingChanges" in stub
    assert "    things: Endpoint[ThingsQuery]\n" in stub
    assert "**equals: Unpack[ThingFilter]" in stub
    assert "def expand(self, *names: ThingExpand | AnyName) -> Self: ..." in stub
    filters = (folder / "filters" / "things.pyi").read_text("utf-8")
    assert 'name: Literal["Big", "Small"] | str | int | None' in filters
    assert "owner" not in filters.partition("ThingSelect")[0]
    assert '"id", "id asc", "id desc", "name", "name asc", "name desc",' in filters
    assert 'ThingExpand: TypeAlias = Literal[\n    "thing_part", "owner",\n]' in filters
    models = (folder / "models" / "things.py").read_text("utf-8")
    assert '_values = {"name": ("Big", "Small")}' in models
    inputs = (folder / "inputs" / "things.py").read_text("utf-8")
    assert 'name: Literal["Big", "Small"] | str\n' in inputs


ADDED = """
[[path]]
where = "boxes"
to = ["things", "thing", "box", "-owner"]
why = ""
source = ""

[[path]]
where = "boxes/{}/lids"
to = ["things/{}/parts/{}/things", "thing", "lid", "id", "thing_part"]
why = ""
source = ""
"""


def test_what_sage_has_added_is_like_its_kin(run, tmp_path: Path) -> None:
    """A path that the documents lack has its kin's verbs and fields, and says so."""
    (tmp_path / "overrides.toml").write_text(ADDED, encoding="utf-8")
    assert run() == 0
    folder = tmp_path / "catalog"
    models = (folder / "models" / "things.py").read_text("utf-8")
    assert "not in the documents: as `thing`, by inference" in models
    box, lid = (
        models.partition(f"class {name}(Record")[2].partition("\nclass ")[0]
        for name in ("Box", "Lid")
    )
    assert "name: str" in box
    assert "owner" not in box
    assert '    lid_part: "LidPart | None"' in lid
    assert "name:" not in lid
    endpoints = (folder / "endpoints.py").read_text("utf-8")
    kin = "Not in the documents: as `things`, by inference."
    assert f'"""Boxes: list, create, get, update, delete. {kin}"""' in endpoints
    assert '"""Lids: list.' in endpoints
    rules = (folder / "rules" / "things.py").read_text("utf-8")
    assert '"Thing":' in rules
    assert "Box" not in rules  # the documents set it none


@pytest.mark.parametrize(("old", "new"), [('"boxes"', '"things"'), ("things/", "x/")])
def test_a_path_without_kin_is_an_error(run, tmp_path, capsys, old, new) -> None:
    """A path that is there already, or is like one that is not, stops the generator."""
    text = ADDED.replace(old, new)
    (tmp_path / "overrides.toml").write_text(text, encoding="utf-8")
    assert run() == 1
    assert "is no path, or it is there already" in capsys.readouterr().err


ENFORCED = '[[enforced]]\nwhere = "{}"\nto = {}\nwhy = ""\nsource = "a test"\n'


def test_rules_of_inputs_are_tables(run, tmp_path: Path) -> None:
    """Required, read-only, lengths and places of inputs; a confirmed rule has a mark."""
    overrides = tmp_path / "overrides.toml"
    entries = [("thing.name", '["required", "length"]'), ("thing_part", '"length"')]
    text = "".join(ENFORCED.format(*entry) for entry in entries)
    overrides.write_text(text, encoding="utf-8")
    assert run() == 0
    rules = (tmp_path / "catalog" / "rules" / "things.py").read_text("utf-8")
    assert '"ThingPart": ("", "", "size:5!", "")' in rules
    assert '"Thing": ("name!", "id owner", "name:5!", "")' in rules


def test_an_identity_has_fields_of_input_and_record(
    run, tmp_path: Path, capsys
) -> None:
    """What a record is found by is written and listed, or the generator stops."""
    entry = '[[{}]]\nwhere = "things"\nto = {}\nwhy = ""\nsource = "a test"\n'
    overrides = tmp_path / "overrides.toml"
    table = tmp_path / "catalog" / "identities.py"
    assert run() == 0
    assert '"things": None' in table.read_text("utf-8")
    overrides.write_text(entry.format("natural_key", '["name"]'), encoding="utf-8")
    assert run() == 0
    known = 'Identity("key", ("name",), "things", "a test")'
    assert known in table.read_text("utf-8")
    for name, to in (
        ("natural_key", '["id"]'),
        ("natural_key", '["nmae"]'),
        ("marker", '["name", "parts"]'),
    ):
        overrides.write_text(entry.format(name, to), encoding="utf-8")
        assert run() == 1
        assert "is not written, or not in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("where", "to"),
    [
        ("thing.name", "read-only"),
        ("thing.id", "length"),
        ("thing.nmae", "required"),
        ("thing_part", "required"),
        ("thing.name", "lengths"),
    ],
)
def test_a_rule_that_there_is_not_cannot_be_enforced(
    run, tmp_path: Path, capsys, where: str, to: str
) -> None:
    """An override that confirms a rule which the documents lack stops the generator."""
    text = ENFORCED.format(where, f'"{to}"')
    (tmp_path / "overrides.toml").write_text(text, encoding="utf-8")
    assert run() == 1
    assert f"{where}: there is no rule {to!r}" in capsys.readouterr().err


def test_what_is_enforced_has_a_source() -> None:
    """No rule of an input is an error by inference alone."""
    text = OVERRIDES.read_text(encoding="utf-8")
    tables = tomllib.loads(text)["enforced"]
    assert tables
    assert not [entry for entry in tables if "inference" in entry["source"]]


def test_a_folder_without_documents_is_an_error(tmp_path: Path, capsys) -> None:
    """Nothing is written where there is nothing to read."""
    assert main.main([str(tmp_path), "--catalog", str(tmp_path / "catalog")]) == 1
    assert "no OpenAPI documents" in capsys.readouterr().err
    assert not (tmp_path / "catalog").exists()
