"""The commands, each run as a process."""

import asyncio
import csv
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sage200_async import Sage200Client, Settings, catalog
from sage200_async.catalog import Endpoints
from sage200_async.cli.commands.read import query as query_command
from sage200_async.cli.example import example_of
from sage200_async.cli.query import QueryArguments, refine

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]


def sage200(*arguments: str, env: dict[str, str] | None = None, code: int = 0) -> Any:
    completed = subprocess.run(
        [*SAGE200, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120", **(env or {})},
        check=False,
    )
    assert completed.returncode == code, completed.stdout + completed.stderr
    return completed


@pytest.fixture(scope="module")
def connection() -> Iterator[dict[str, str]]:
    """Start `sage200 sandbox`, and return the settings that it prints."""
    command = [*SAGE200, "sandbox", "--port", "0", "--records", "customers=700"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(scope="module")
def env(connection: dict[str, str]) -> dict[str, str]:
    """Return settings with an access token, which several commands can use."""
    import aiohttp

    async def sign_in() -> str:
        names = ("refresh_token", "client_id", "client_secret")
        form = {name: connection[name] for name in names} | {
            "grant_type": "refresh_token"
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(connection["token_url"], data=form) as response,
        ):
            return (await response.json())["access_token"]

    names = ("base_url", "site", "company")
    settings = {f"SAGE200_{name.upper()}": connection[name] for name in names}
    return settings | {"SAGE200_ACCESS_TOKEN": asyncio.run(sign_in())}


def test_the_sandbox_prints_its_settings(connection: dict[str, str]) -> None:
    """The first line of output has all the settings that a client needs."""
    assert set(connection) >= {
        "base_url",
        "token_url",
        "client_id",
        "client_secret",
        "refresh_token",
        "site",
        "company",
    }
    assert all(connection.values())


def test_ndjson_is_complete(env: dict[str, str]) -> None:
    """Without --top, every record is printed, beyond the page size of 500."""
    completed = sage200("query", "customers", "--format", "ndjson", env=env)
    rows = [json.loads(line) for line in completed.stdout.splitlines()]
    assert len({row["id"] for row in rows}) == 700


def test_related_records_that_are_selected_come(env: dict[str, str]) -> None:
    """--select of related records expands them, as one column."""
    shape = ["--select", "id,contacts", "--expand", "contacts", "--top", "1"]
    completed = sage200("query", "customers", *shape, "--format", "csv", env=env)
    (row,) = csv.DictReader(io.StringIO(completed.stdout))
    assert list(row) == ["id", "contacts"]
    assert json.loads(row["contacts"])[0]["customer_id"] == int(row["id"])


def test_csv_has_the_selected_columns(env: dict[str, str]) -> None:
    """--filter, --select, --order-by and --top are applied to the query."""
    options = ["--filter", "balance gt 0 and on_hold eq false", "--top", "5"]
    shape = ["--select", "id,name,balance", "--order-by", "balance desc,id"]
    completed = sage200(
        "query", "customers", *options, *shape, "--format", "csv", env=env
    )
    rows = list(csv.DictReader(io.StringIO(completed.stdout)))
    assert [*rows[0]] == ["id", "name", "balance"]
    balances = [float(row["balance"]) for row in rows]
    assert balances == sorted(balances, reverse=True)
    assert len(rows) == 5


def test_a_table_is_a_preview(env: dict[str, str]) -> None:
    """A table without --top shows 20 records, and says so."""
    arguments = ("query", "customers", "--select", "id,name", "--format", "table")
    completed = sage200(*arguments, env=env)
    assert "the first 20" in completed.stderr
    assert len(completed.stdout.splitlines()) == 21


def test_a_table_without_records(env: dict[str, str]) -> None:
    """Below the header, a line says that nothing matches."""
    arguments = ("query", "customers", "--select", "id", "--filter", "id lt 0")
    completed = sage200(*arguments, "--format", "table", env=env)
    assert completed.stderr == "no records\n"
    assert len(completed.stdout.splitlines()) == 1


def test_explain_sends_no_request() -> None:
    """--explain prints how the query would be read, without a server."""
    env = {"SAGE200_ACCESS_TOKEN": "t", "SAGE200_BASE_URL": "http://127.0.0.1:9/"}
    completed = sage200("query", "products", "--order-by", "code", "--explain", env=env)
    assert "offset" in completed.stdout
    assert "$orderby=code,id" in completed.stdout


@pytest.mark.parametrize("name", ["customer", "custmers"])
def test_an_unknown_resource_names_the_nearest(name: str, env: dict[str, str]) -> None:
    """An unknown resource prints one line that names the nearest; exit status 2."""
    completed = sage200("query", name, env=env, code=2)
    assert "nearest is customers" in completed.stderr
    assert len(completed.stderr.splitlines()) == 1


def test_an_untyped_resource_is_read(env: dict[str, str]) -> None:
    """--untyped reads a resource without its model in the catalog."""
    options = ["--untyped", "--order-by", "id", "--top", "3", "--format", "ndjson"]
    completed = sage200("query", "customers", *options, env=env)
    assert len(completed.stdout.splitlines()) == 3


def test_a_missing_setting_is_one_line() -> None:
    """Without settings, one line says what is missing."""
    bare = {name: "" for name in os.environ if name.startswith("SAGE200_")}
    assert not bare
    empty_store = {"SAGE200_TOKEN_STORE": "memory://"}
    completed = sage200("query", "customers", env=empty_store, code=2)
    assert "refresh_token" in completed.stderr
    assert len(completed.stderr.splitlines()) == 1


def test_sages_own_message_is_shown(env: dict[str, str]) -> None:
    """A response of 400 is printed with Sage's message."""
    completed = sage200("query", "customers", "--filter", "nme eq 1", env=env, code=2)
    assert "400" in completed.stderr


def test_resources_are_listed() -> None:
    """`resources` lists all 332 with operations, key and watermark, or those that match."""
    complete = sage200("resources")
    assert "332 of 332 resources" in complete.stderr
    filtered = sage200("resources", "sop_order_line_views")
    row = filtered.stdout.splitlines()[1].split()
    assert row[:3] == ["sop_order_line_views", "list", "sop_order_line_id"]
    assert "4 of 332" in sage200("resources", "sop_orders*").stderr


def test_a_resource_is_described() -> None:
    """`describe` shows operations, fields with types, related records and nested paths."""
    description = json.loads(sage200("describe", "customers", "--json").stdout)
    assert description["operations"] == ["list", "get", "create", "update", "delete"]
    assert description["fields"]["balance"] == {"type": "number", "read_only": True}
    assert description["expandable"]["contacts"] == "CustomerContact"
    nested = "customers/{id}/customer_contacts/{id}/customer_emails"
    assert nested in description["nested"]
    assert f"nested         {nested}" in sage200("describe", "customers").stdout


def test_resources_are_found_by_words_of_names_and_fields() -> None:
    """All words have to match: names first, then fields, which are named."""
    completed = sage200("resources", "CUSTOMERS", "credit_lim")
    assert completed.stdout.splitlines()[-1].split()[-1] == "credit_limit"
    assert "1 of 332 resources, 1 of them by a field" in completed.stderr
    matches = json.loads(sage200("resources", "sop", "line", "--json").stdout)
    names = [one["resource"] for one in matches if not one["matching_fields"]]
    assert "sop_order_lines" in names
    assert all("sop" in name and "line" in name for name in names)
    by_field = [bool(one["matching_fields"]) for one in matches]
    assert by_field == sorted(by_field)


def test_a_description_has_rules_values_and_examples() -> None:
    """Required, read-only, lengths, known values, and the resource that lists them."""
    description = json.loads(sage200("describe", "sop_orders", "--json").stdout)
    assert description["fields"]["payment_type"]["values_in"] == (
        "sop_order_payment_types"
    )
    text = sage200("describe", "customers").stdout
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}
    assert lines["reference"] == ["text(8)", "required"]
    assert lines["balance"] == ["number", "read-only"]
    assert lines["account_status_type"][:3] == ["enum", "such", "as"]
    assert lines["account_status_type"][-1] == "account_status_types"
    assert "client.customers.filter(Customer.fields.reference.startswith" in text
    assert (
        "await client.sites()"
        in example_of("sites", Endpoints.endpoints()["sites"]).python
    )
    assert "sage200 query customers --filter \"startswith(reference,'A')\"" in text


def test_examples_mean_the_same() -> None:
    """For each resource, Python's and the command's are one query, which compiles."""
    client = Sage200Client(Settings(site="guid", company=7, access_token="t"))
    names = {"client": client, **vars(catalog)}
    for name, endpoint in Endpoints.endpoints().items():
        example = example_of(name, endpoint)
        assert (example is not None) is ("list" in endpoint.verbs)
        if example is None or name == "sites":
            continue
        imported, _, query = example.python.rpartition("async for record in ")
        exec(imported, names)
        written = eval(query.partition(":\n")[0], names)
        program, command, resource, *options = shlex.split(example.command)
        assert (program, command, resource) == ("sage200", "query", name)
        params = query_command.make_context("query", [name, *options]).params
        shape = {key: params[key] for key in QueryArguments.__struct_fields__}
        asked = refine(getattr(client, name), QueryArguments(**shape))
        # raw() puts brackets around what it passes on.
        bare = asked.url.replace("$filter=(", "$filter=").replace("'))", "')")
        assert bare == written.url


def test_describing_an_unknown_resource() -> None:
    """An unknown name prints one line that names the nearest."""
    completed = sage200("describe", "custmers", code=2)
    assert "nearest is customers" in completed.stderr


def test_querying_a_resource_that_cannot_be_listed() -> None:
    """A resource without a list operation cannot be queried; the error says so."""
    env = {"SAGE200_ACCESS_TOKEN": "t"}
    completed = sage200("query", "sales_invoices", env=env, code=2)
    assert "cannot be listed" in completed.stderr


def test_a_missing_extra_is_one_line(tmp_path: Path) -> None:
    """Without the extra `cli`, one line says what to install."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'click' else real(name, *a)\n",
        encoding="utf-8",
    )
    completed = sage200("--help", env={"PYTHONPATH": str(tmp_path)}, code=2)
    assert completed.stderr.strip() == (
        "The command line is not installed. Run: pip install 'sage200-async[cli]'"
    )


def test_the_demo_checks_what_it_read() -> None:
    """`demo` reads 12,000 records in three requests, and checks them."""
    completed = sage200("demo")
    assert "records    12,000" in completed.stdout
    assert "requests   3" in completed.stdout
    assert "checked    the same records" in completed.stdout


DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the folder of real records is not beside the project"
)
def test_the_demo_on_real_records() -> None:
    """`demo --data` finds what plain Python finds in the NDJSON file."""
    completed = sage200("demo", "--data", str(DATA))
    assert (
        "the same records, in the same order, as in the NDJSON file" in completed.stdout
    )
