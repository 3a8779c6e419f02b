"""What the source refuses before any request, and where its settings come from."""

import pickle
import sys

import dlt
import pytest
from msgspec.structs import replace

from sage200_async import Settings
from sage200_async.catalog import Endpoints
from sage200_async.engines.dlt import sage200
from sage200_async.engines.dlt.configuration import configured_settings
from sage200_async.errors import (
    LimitError,
    MissingExtra,
    QueryError,
    SettingsError,
    UnknownFieldError,
)

SETTINGS = Settings(access_token="t", site="s", company=7)
SECTION = "SOURCES__SAGE200__"
OWN = {"client_id": "id", "access_token": "secret-of-dlt", "site": "s", "company": "7"}
customers = Endpoints.customers.query


@pytest.mark.parametrize(
    ("resources", "options", "kind", "message"),
    [
        (["custmers"], {}, QueryError, "did you mean 'customers'"),
        (["sales_invoices"], {}, QueryError, "cannot be listed"),
        ([], {}, QueryError, "needs the name of a resource"),
        (["customers", customers], {}, QueryError, "named twice"),
        ([customers.top(3)], {}, QueryError, r"leave top\(\) out"),
        ([customers.order_by("name")], {}, QueryError, r"leave order_by\(\) out"),
        ([7], {}, QueryError, "takes names of resources"),
        (
            ["customers"],
            {"columns": {"customers": ["balence"]}},
            UnknownFieldError,
            "balance",
        ),
        (
            ["customers"],
            {"columns": {"suppliers": ["name"]}},
            QueryError,
            "columns names 'suppliers'",
        ),
        (
            ["customers"],
            {"columns": {"customers": "name"}},
            QueryError,
            "a list of names",
        ),
        (
            ["customers"],
            {"expand": {"customers": ["lines"]}},
            UnknownFieldError,
            "lines",
        ),
        (["customers"], {"filter": {"customers": "("}}, QueryError, "raw"),
        (["customers"], {"workers": 0}, LimitError, "workers"),
        (["customers"], {"overlap": -1}, LimitError, "overlap"),
        (["customers"], {"overlap": float("inf")}, LimitError, "overlap"),
        (["customers"], {"whole_every": -1}, LimitError, "whole_every"),
    ],
)
def test_what_cannot_be_read_is_refused(resources, options, kind, message):
    """The error comes with the call, before there is a pipeline."""
    with pytest.raises(kind, match=message):
        sage200(*resources, settings=SETTINGS, **options)


def test_a_source_has_a_resource_for_each_table():
    """A table with a key is merged by it, others are replaced."""
    source = sage200("customers", "sales_aged_debtor_summary_views", settings=SETTINGS)
    merged, replaced = source.resources.values()
    schema = merged.compute_table_schema()
    assert schema["write_disposition"] == "merge"
    assert schema["columns"]["id"]["primary_key"]
    assert schema["columns"]["_deleted"]["hard_delete"]
    assert replaced.write_disposition == "replace"


def test_a_missing_package_says_what_to_install(monkeypatch):
    """The module can be imported without dlt."""
    monkeypatch.setitem(sys.modules, "dlt", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sage200-async\[dlt\]'"):
        sage200("customers", settings=SETTINGS)


@pytest.fixture
def configured(monkeypatch):
    """Configure dlt by its variables."""
    for name, value in OWN.items():
        monkeypatch.setenv(SECTION + name.upper(), value)
    return monkeypatch


def test_settings_come_from_dlt(configured):
    """Numbers are numbers; no variable of this library is looked at."""
    configured.setenv("SAGE200_SITE", "another")
    configured.setenv("SAGE200_REFRESH_TOKEN", "another")
    configured.setenv(f"{SECTION}PAGE_SIZE", "50")
    settings = configured_settings("sources.sage200")
    assert settings == Settings(**OWN, page_size=50)


def test_settings_come_from_files_of_dlt(tmp_path, monkeypatch):
    """What is no secret may be in the other file."""
    folder = tmp_path / ".dlt"
    folder.mkdir()
    config = '[sources.sage200]\nsite = "s"\ncompany = 7\npage_size = 50\n'
    secrets = '[sources.sage200]\nclient_id = "id"\naccess_token = "secret-of-dlt"\n'
    (folder / "config.toml").write_text(config, encoding="utf-8")
    (folder / "secrets.toml").write_text(secrets, encoding="utf-8")
    dlt.current.run_context().reload()
    try:
        assert configured_settings("sources.sage200") == Settings(**OWN, page_size=50)
    finally:
        (folder / "config.toml").unlink()
        (folder / "secrets.toml").unlink()
        dlt.current.run_context().reload()


def test_without_any_in_dlt_they_are_those_of_the_library(monkeypatch):
    """Of dlt are then those that do not say whose company it is."""
    for name, value in OWN.items():
        monkeypatch.setenv(f"SAGE200_{name.upper()}", value)
    monkeypatch.setenv(f"{SECTION}PAGE_SIZE", "50")
    expected = replace(Settings.from_env(), page_size=50)
    assert configured_settings("sources.sage200") == expected


@pytest.mark.parametrize("name", ["site", "company"])
def test_a_part_of_the_settings_is_not_filled_from_elsewhere(configured, name):
    """A company that dlt does not name is an error, not that of a variable."""
    configured.delenv(SECTION + name.upper())
    configured.setenv(f"SAGE200_{name.upper()}", "another")
    with pytest.raises(SettingsError, match=f"sources.sage200.{name} is missing"):
        sage200("customers")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("page_size", "many", "page_size: expected a whole number"),
        ("client_secret", "<configure me>", "instead of <configure me>"),
        ("token_store", "nowhere://", "token_store"),
    ],
)
def test_a_malformed_setting_is_named(configured, name, value, message):
    """The error says where it stands."""
    configured.setenv(SECTION + name.upper(), value)
    with pytest.raises(SettingsError, match=message):
        sage200("customers")


def test_credentials_are_required_at_once(configured):
    """Without tokens or a store of them no source is made."""
    configured.delenv(f"{SECTION}ACCESS_TOKEN")
    with pytest.raises(SettingsError, match="No credentials are set"):
        sage200("customers")


def test_a_trace_of_a_pipeline_has_no_secret(configured, sandbox, parquet):
    """No token is in the trace of a run, nor in any of its files."""
    token = sandbox.create_access_token()
    own = {
        "access_token": token,
        "site": sandbox.settings.site,
        "company": str(sandbox.settings.company),
        "base_url": sandbox.settings.base_url,
    }
    for name, value in own.items():
        configured.setenv(SECTION + name.upper(), value)
    parquet.run(sage200("customers", columns={"customers": ["name"]}))
    files = [path for path in parquet.folder.rglob("*") if path.is_file()]
    assert [path for path in files if token.encode() in path.read_bytes()] == []
    assert token.encode() not in pickle.dumps(parquet.pipeline.last_trace)
