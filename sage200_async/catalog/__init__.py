"""Every resource that is known: records, their fields, their inputs, endpoints."""

from sage200_async.catalog.endpoints import Endpoints as Endpoints
from sage200_async.catalog.models.general import Site as Site
from sage200_async.catalog.models.sales import Customer as Customer
from sage200_async.catalog.models.sales import CustomerChanges as CustomerChanges
from sage200_async.catalog.models.sales import CustomerFields as CustomerFields
from sage200_async.catalog.models.sales import CustomerInput as CustomerInput
from sage200_async.catalog.models.sop import SopOrder as SopOrder
from sage200_async.catalog.models.sop import SopOrderChanges as SopOrderChanges
from sage200_async.catalog.models.sop import SopOrderFields as SopOrderFields
from sage200_async.catalog.models.sop import SopOrderInput as SopOrderInput
from sage200_async.catalog.models.sop import SopOrderLineView as SopOrderLineView
from sage200_async.catalog.models.sop import (
    SopOrderLineViewFields as SopOrderLineViewFields,
)
from sage200_async.catalog.models.stock import Product as Product
from sage200_async.catalog.models.stock import ProductChanges as ProductChanges
from sage200_async.catalog.models.stock import ProductFields as ProductFields
from sage200_async.catalog.models.stock import ProductInput as ProductInput

__all__ = [
    "Customer",
    "CustomerChanges",
    "CustomerFields",
    "CustomerInput",
    "Endpoints",
    "Product",
    "ProductChanges",
    "ProductFields",
    "ProductInput",
    "Site",
    "SopOrder",
    "SopOrderChanges",
    "SopOrderFields",
    "SopOrderInput",
    "SopOrderLineView",
    "SopOrderLineViewFields",
]
