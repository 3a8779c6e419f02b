"""The commands as a person runs them."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SAGE200 = [sys.executable, "-m", "sage200_async.cli"]


def sage200(*arguments: str, env: dict[str, str] | None = None, code: int = 0) -> Any:
    done = subprocess.run(
        [*SAGE200, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120", **(env or {})},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def card() -> Iterator[dict[str, str]]:
    """Start `sage200 sandbox`, and read the line that it prints."""
    command = [*SAGE200, "sandbox", "--port", "0", "--records", "customers=700"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(scope="module")
def env(card: dict[str, str]) -> dict[str, str]:
    """Give settings with an access token, which each command can use again."""
    import aiohttp

    async def sign_in() -> str:
        names = ("refresh_token", "client_id", "client_secret")
        form = {name: card[name] for name in names} | {"grant_type": "refresh_token"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(card["token_url"], data=form) as reply,
        ):
            return (await reply.json())["access_token"]

    given = ("base_url", "site", "company")
    settings = {f"SAGE200_{name.upper()}": card[name] for name in given}
    return settings | {"SAGE200_ACCESS_TOKEN": asyncio.run(sign_in())}


def test_the_sandbox_says_how_to_reach_it(card: dict[str, str]) -> None:
    """The first line printed is all that a client needs."""
    assert set(card) >= {
        "base_url",
        "token_url",
        "client_id",
        "client_secret",
        "refresh_token",
        "site",
        "company",
    }
    assert all(card.values())


def test_ndjson_is_whole(env: dict[str, str]) -> None:
    """Without --top every record is printed, past the limit of 500."""
    done = sage200("query", "customers", "--format", "ndjson", env=env)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["id"] for row in rows}) == 700


def test_csv_has_the_columns_asked_for(env: dict[str, str]) -> None:
    """--filter, --select, --order-by and --top go into the query."""
    options = ["--filter", "balance gt 0 and on_hold eq false", "--top", "5"]
    shape = ["--select", "id,name,balance", "--order-by", "balance desc,id"]
    done = sage200("query", "customers", *options, *shape, "--format", "csv", env=env)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [*rows[0]] == ["id", "name", "balance"]
    balances = [float(row["balance"]) for row in rows]
    assert balances == sorted(balances, reverse=True)
    assert len(rows) == 5


def test_a_table_says_that_it_is_not_all(env: dict[str, str]) -> None:
    """A table without --top shows a few records and says so."""
    done = sage200("query", "customers", "--select", "id,name", env=env)
    assert "the first 20" in done.stderr
    assert len(done.stdout.splitlines()) == 21


def test_explain_asks_nothing() -> None:
    """--explain prints how it would be read, with no server at all."""
    env = {"SAGE200_ACCESS_TOKEN": "t", "SAGE200_BASE_URL": "http://127.0.0.1:9/"}
    done = sage200("query", "products", "--order-by", "code", "--explain", env=env)
    assert "offset" in done.stdout
    assert "$orderby=code,id" in done.stdout


def test_an_unknown_resource_names_the_nearest(env: dict[str, str]) -> None:
    """A wrong resource is one line that names the nearest, and exit code 1."""
    done = sage200("query", "customer", env=env, code=1)
    assert "nearest is customers" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_untyped_resource_is_read(env: dict[str, str]) -> None:
    """--untyped reads what the catalog does not know."""
    options = ["--untyped", "--order-by", "id", "--top", "3", "--format", "ndjson"]
    done = sage200("query", "customers", *options, env=env)
    assert len(done.stdout.splitlines()) == 3


def test_a_missing_setting_is_one_line() -> None:
    """Without settings the command says what is missing."""
    bare = {name: "" for name in os.environ if name.startswith("SAGE200_")}
    assert not bare
    nothing_kept = {"SAGE200_TOKEN_STORE": "memory://"}
    done = sage200("query", "customers", env=nothing_kept, code=1)
    assert "refresh_token" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_sages_own_message_is_shown(env: dict[str, str]) -> None:
    """A 400 is shown with Sage's message."""
    done = sage200("query", "customers", "--filter", "nme eq 1", env=env, code=1)
    assert "400" in done.stderr


def test_resources_are_listed() -> None:
    """`resources` lists all 317 with verbs, key and watermark, or those that match."""
    everything = sage200("resources")
    assert "317 of 317 resources" in everything.stderr
    some = sage200("resources", "sop_order_line_views")
    row = some.stdout.splitlines()[1].split()
    assert row[:3] == ["sop_order_line_views", "list", "sop_order_line_id"]
    assert "3 of 317" in sage200("resources", "sop_orders*").stderr


def test_a_resource_is_described() -> None:
    """`describe` tells verbs, fields with types, members and nested paths."""
    told = json.loads(sage200("describe", "customers", "--json").stdout)
    assert told["verbs"] == ["list", "get", "create", "update", "delete"]
    assert told["fields"]["balance"] == "number"
    assert told["members"]["contacts"] == "CustomerContact"
    below = "customers/{id}/customer_contacts/{id}/customer_emails"
    assert below in told["nested"]
    assert f"nested         {below}" in sage200("describe", "customers").stdout


def test_describing_what_is_not_there() -> None:
    """A wrong name is one line that names the nearest."""
    done = sage200("describe", "custmers", code=1)
    assert "nearest is customers" in done.stderr


def test_querying_what_is_not_listed() -> None:
    """A resource that is only posted to cannot be queried, and says so."""
    env = {"SAGE200_ACCESS_TOKEN": "t"}
    done = sage200("query", "sales_invoices", env=env, code=1)
    assert "is not listed" in done.stderr


def test_a_missing_extra_is_one_line(tmp_path: Path) -> None:
    """Without the extra `cli`, the command says what to install."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'click' else real(name, *a)\n",
        encoding="utf-8",
    )
    done = sage200("--help", env={"PYTHONPATH": str(tmp_path)}, code=1)
    assert done.stderr.strip() == "sage200 needs: pip install 'sage200-async[cli]'"


def test_the_demo_checks_what_it_read() -> None:
    """`sage200 demo` reads 12,000 records in three requests, and checks them."""
    done = sage200("demo")
    assert "records    12,000" in done.stdout
    assert "requests   3" in done.stdout
    assert "checked    the same records" in done.stdout


DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the folder of real records is not beside the project"
)
def test_the_demo_on_real_records() -> None:
    """`sage200 demo --data` finds what plain Python finds in the NDJSON file."""
    done = sage200("demo", "--data", str(DATA))
    assert "the same records, in the same order, as in the NDJSON file" in done.stdout
