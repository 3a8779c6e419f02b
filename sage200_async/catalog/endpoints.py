"""The endpoints of the client: declarations only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.endpoint import Binder, Endpoint
from sage200_async.resource import Table
from sage200_async.view import View

if TYPE_CHECKING:
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

_MODELS = "sage200_async.catalog.models."


class Endpoints(Binder):
    """A typed attribute for each resource."""

    customers: Endpoint[Table[Customer, CustomerInput, CustomerChanges]] = Endpoint(
        "customers",
        Table,
        _MODELS + "sales:Customer",
        key="id",
        watermark="date_time_updated",
    )
    """Customer accounts."""

    products: Endpoint[Table[Product, ProductInput, ProductChanges]] = Endpoint(
        "products",
        Table,
        _MODELS + "stock:Product",
        key="id",
        watermark="date_time_updated",
        pseudo_members=("nominal_codes",),
    )
    """Stock items."""

    sop_orders: Endpoint[Table[SopOrder, SopOrderInput, SopOrderChanges]] = Endpoint(
        "sop_orders",
        Table,
        _MODELS + "sop:SopOrder",
        key="id",
        watermark="date_time_updated",
        pseudo_members=("is_to_lock", "available_document_discount"),
    )
    """Sales orders."""

    sop_order_line_views: Endpoint[View[SopOrderLineView]] = Endpoint(
        "sop_order_line_views",
        View,
        _MODELS + "sop:SopOrderLineView",
        key="sop_order_line_id",
        watermark="sop_order_line_date_time_updated",
    )
    """Lines of sales orders, each with its order's header."""
