"""Wrong use is an error in the editor: mypy and pyright, both strict, refuse it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """\
from typing import NamedTuple

from sage200_async import Sage200Client
from sage200_async.catalog import Customer, SopOrder, Warehouse

class Own(NamedTuple):
    name: str

async def wrong(client: Sage200Client) -> None:
    c = Customer.fields
"""
WRONG = [
    'client.customers.filter(c.balance.startswith("x"))',
    "client.customers.filter(c.nme > 1)",
    'await client.customers.create({"nme": "x"})',
    'await client.customers.create({"name": "x"})',
    'await client.customers.update(1, {"on_hold": "yes"})',
    'client.customers.upsert([{"nme": "x"}], journal="job.db")',
    'client.customers.upsert([{"name": "x"}])',
    'client.customer_views.upsert([], journal="job.db")',
    "client.sop_order_line_views.create",
    "client.sop_order_line_views.get",
    'client.customers.filter(c.balance == "x")',
    "client.customers.filter(c.name > 1)",
    "client.customers.filter(c.on_hold > True)",
    "client.customers.filter(c.on_hold.in_([1.5]))",
    "client.customers.filter(True)",
    'client.customers.top("5")',
    "client.custmers",
    "client.sop_orders.filter(SopOrder.fields.customer.nme == '')",
    "customer: SopOrder = await client.customers.one()",
    'await client.suppliers.create({"name": "A"})',
    "client.tax_codes.create",
    "client.sales_receipts.first",
    'await client.sales_receipts.create({"customer_id": 1})',
    "client.licence.delete",
    "await client.licence.get(1)",
    'await client.customers.update_many([{"name": "A"}])',
    "client.customers[1].customer_contcts",
    'await client.customers[1].customer_contacts.create({"nme": "A"})',
    "client.warehouses.filter(Warehouse.fields.name > 5)",
    "for row in client.customers: print(row)",
    "list(client.customers)",
    "print(*client.sop_order_line_views)",
    "print(5 in client.customers)",
    "sum(client.customers)",
    "for item in client.traceable_items: print(item)",
    "await client.customers",
    "len(client.customers)",
    "client.sop_order_line_views[0]",
    "client.sales_invoices.filter",
    "client.sales_invoices.top",
    "client.customers.filter((c.balance > 5) & c.on_hold)",
    "print('A' in c.name)",
    "c.balance > None",
    'client.customers.select(["id", "name"])',
    'client.customers.timeout("5")',
    'client.at(5, "x", 7)',
    "client.customers.into(5)",
    "client.customers.into(Customer(id=5))",
    "client.customers.into(Own).create",
    "client.customers.into(Own).update(5, {'name': 'A'})",
    "client.sop_order_line_views.into(Own).get",
    "own: Customer = await client.customers.into(Own).one()",
    "print((await client.customers.into(Own).one()).nme)",
    "async for own in client.customers.into(Own): print(own.nme)",
    "client.sales_invoices.into(Own)",
    # Keywords of filter: names and types of this resource's fields.
    "client.customers.filter(on_hld=True)",
    'client.customers.filter(on_hold="no")',
    "client.customers.filter(on_hold=0)",
    "client.customers.filter(reference=5)",
    'client.customers.filter(id="5")',
    "client.customers.filter(id=1.5)",
    'client.customers.filter(balance="10.50")',
    'client.customers.filter(date_time_updated="2026-01-01")',
    "client.customers.filter(date_time_updated=20260101)",
    'client.customers.filter(contacts="A")',
    'client.customers.filter(code="A")',
    "client.customers.filter(reference=c.name)",
    "client.customers.filter(name=b'A')",
    'client.customers.filter(reference=["A", "B"])',
    "client.customers.filter(account_status_type=1.5)",
    'client.customer_views.filter(nmae="A")',
    'client.sop_order_line_views.filter(sop_order_id="1")',
    "client.lookup_customers.filter(balence=1)",
    'client.tax_codes.filter(code="1")',
    "client.customers[1].customer_contacts.filter(nmae='A')",
    "client.sop_orders.filter(document_sttaus=2)",
    "client.customers.filter(c.balance > 5).filter(on_hld=True)",
    "client.customers.top(5).filter(on_hld=True)",
    # Names of select, expand and order_by.
    'client.customers.select("nam")',
    'client.customers.select("id", "nam")',
    'client.customers.select("Name")',
    'client.customers.select("name desc")',
    'client.customers.select("id,name")',
    "client.customers.select(5)",
    'client.products.select("reference")',
    'client.customer_views.select("contacts")',
    'client.licence.select("id")',
    'client.customers.expand("contcts")',
    'client.customers.expand("name")',
    'client.customers.expand("contacts", "memoes")',
    'client.sop_orders.expand("is_to_lok")',
    'client.tax_codes.expand("customer")',
    'client.customers.order_by("balance dsc")',
    'client.customers.order_by("balence")',
    'client.customers.order_by("balance", "-id")',
    'client.customers.order_by("contacts")',
    "client.customers.order_by(c.balance > 5)",
    'client.customers[1].customer_contacts.order_by("nmae desc")',
    'client.sop_order_line_views.select("id").order_by("lines")',
    # Inputs: values of enums are text.
    'await client.customers.update(1, {"account_status_type": 1})',
    'await client.customers.update(1, {"balance": 1})',
    'await client.sop_orders.create({"customer_id": 1, "lines": [{"line_typ": "A"}]})',
]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("typing") / "wrong.py"
    body = "".join(f"    {line}\n" for line in WRONG)
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def lines_refused(output: str, path: Path) -> set[int]:
    """Read the numbers of the lines that a checker refused."""
    numbers = set[int]()
    for line in output.splitlines():
        # mypy's cache has the errors of the same text under the path of an earlier run.
        _, marker, rest = line.partition(f"{path.name}:")
        if marker and "error" in rest:
            numbers.add(int(rest.split(":")[0]))
    return numbers


def every_line() -> set[int]:
    first = HEAD.count("\n") + 1
    return set(range(first, first + len(WRONG)))


CHECKERS = [
    # Without a cache: it would repeat the errors of another file of the same text.
    ["mypy", "--strict", "--cache-dir", os.devnull],
    ["pyright", "--pythonpath", sys.executable],
]


@pytest.mark.parametrize("checker", CHECKERS, ids=["mypy", "pyright"])
def test_every_wrong_use_is_refused(checker: list[str], wrong: Path) -> None:
    """Each line of wrong use draws an error of its own."""
    command = [sys.executable, "-m", *checker, str(wrong)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    missed = every_line() - lines_refused(checked.stdout, wrong)
    first = HEAD.count("\n") + 1
    assert not missed, [WRONG[number - first] for number in sorted(missed)]
