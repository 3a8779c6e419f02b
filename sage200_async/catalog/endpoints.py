"""The endpoints of the client: declarations only."""

from __future__ import annotations

from sage200_async.catalog.models.sales import (
    Customer,
    CustomerChanges,
    CustomerInput,
)
from sage200_async.catalog.models.sop import (
    SopOrder,
    SopOrderChanges,
    SopOrderInput,
    SopOrderLineView,
)
from sage200_async.catalog.models.stock import Product, ProductChanges, ProductInput
from sage200_async.endpoint import Binder, Endpoint
from sage200_async.resource import Table
from sage200_async.view import View


class Endpoints(Binder):
    """A typed attribute for each resource."""

    customers = Endpoint(
        "customers",
        Table[Customer, CustomerInput, CustomerChanges],
        record=Customer,
        key="id",
        watermark="date_time_updated",
    )
    """Customer accounts."""

    products = Endpoint(
        "products",
        Table[Product, ProductInput, ProductChanges],
        record=Product,
        key="id",
        watermark="date_time_updated",
        pseudo_members=("nominal_codes",),
    )
    """Stock items."""

    sop_orders = Endpoint(
        "sop_orders",
        Table[SopOrder, SopOrderInput, SopOrderChanges],
        record=SopOrder,
        key="id",
        watermark="date_time_updated",
        pseudo_members=("is_to_lock", "available_document_discount"),
    )
    """Sales orders."""

    sop_order_line_views = Endpoint(
        "sop_order_line_views",
        View[SopOrderLineView],
        record=SopOrderLineView,
        key="sop_order_line_id",
        watermark="sop_order_line_date_time_updated",
    )
    """Lines of sales orders, each with its order's header."""
