"""Never run: resources of every shape, as type checkers know them."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

from sage200_async import Sage200Client
from sage200_async.catalog import (
    Bank,
    Courier,
    CurrentUser,
    Customer,
    CustomerContact,
    CustomerEmail,
    Licence,
    NominalCode,
    NominalCodeView,
    PopOrder,
    SalesPostedTransaction,
    SopOrder,
    SopOrderLine,
    Supplier,
    TaxCode,
    Urn,
    Warehouse,
)
from sage200_async.odata.fields import TextField


async def tables(client: Sage200Client) -> None:
    s = Supplier.fields
    async for supplier in client.suppliers.filter(s.balance > 0).select(s.id, s.name):
        assert_type(supplier, Supplier)
    created = await client.suppliers.create({"name": "A", "reference": "B"})
    assert_type(created, Supplier)
    w = Warehouse.fields
    assert_type(await client.warehouses.filter(w.name.contains("A")).one(), Warehouse)
    assert_type(await client.warehouses.update(1, {"name": "B"}), Warehouse)
    n = NominalCode.fields
    assert_type(
        await client.nominal_codes.order_by(n.reference).first(), NominalCode | None
    )
    orders = client.pop_orders.expand(PopOrder.fields.lines)
    assert_type(await orders.get(1), PopOrder)
    assert_type(await client.banks.filter(Bank.fields.id > 3).count(), int)
    assert_type(await client.banks.delete(3), None)


async def other_shapes(client: Sage200Client) -> None:
    assert_type(await client.couriers.update_many([{"name": "A"}]), list[Courier])
    assert_type(await client.tax_codes.get(1), TaxCode)
    assert_type(await client.licence.get(), Licence)
    assert_type(await client.current_user.get(), CurrentUser)
    posted = await client.sales_posted_transactions.first()
    assert_type(posted, SalesPostedTransaction | None)
    async for view in client.nominal_code_views.top(3):
        assert_type(view, NominalCodeView)
    assert_type(await client.sop_order_lines.get(1), SopOrderLine)
    assert_type(await client.customers_new.create({}), Customer)


async def posting(client: Sage200Client) -> None:
    paid = await client.sales_receipts.create(
        {
            "customer_id": 1,
            "bank_id": 2,
            "cheque_value": Decimal("1.50"),
        }
    )
    assert_type(paid, Urn)


async def nested(client: Sage200Client) -> None:
    contacts = client.customers[123].customer_contacts
    assert_type(await contacts.first(), CustomerContact | None)
    emails = contacts[7].customer_emails
    assert_type(await emails.create({"email": "a@b.c"}), CustomerEmail)
    async for order in client.customers[123].sop_orders:
        assert_type(order, SopOrder)


def related_records() -> None:
    order = SopOrder.fields
    assert_type(order.customer.default_tax_code.name, TextField)
