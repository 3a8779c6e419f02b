"""Records of the stock documents: declarations only."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypedDict

from sage200_async.odata.fields import (
    BooleanField,
    EnumField,
    Fields,
    IntegerField,
    MomentField,
    NumberField,
    OpaqueFields,
    TextField,
)
from sage200_async.records import Record


class BomSettingsFields(Fields):
    """Fields of `BomSettings`."""

    id: IntegerField
    order_min_quantity: NumberField
    built_bought_default_make: BooleanField
    scrap_percent: NumberField
    bulk_issue: BooleanField
    cost_heading_id: IntegerField
    cost_heading: OpaqueFields
    date_time_created: MomentField


class BomSettings(Record, frozen=True):
    """Sage's `bom_settings`."""

    fields: ClassVar[BomSettingsFields] = BomSettingsFields()

    id: int | None = None
    """Whole number, read-only."""
    order_min_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    built_bought_default_make: bool | None = None
    """True or false."""
    scrap_percent: Decimal | None = None
    """Number, 2 decimal places."""
    bulk_issue: bool | None = None
    """True or false."""
    cost_heading_id: int | None = None
    """Whole number."""
    cost_heading: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""


class BomSettingsInput(TypedDict, total=False):
    """A row of `BomSettings` to write: with its id to change it, without to add it."""

    id: int
    order_min_quantity: Decimal | float
    built_bought_default_make: bool
    scrap_percent: Decimal | float
    bulk_issue: bool
    cost_heading_id: int


class MovementBuyingPriceFields(Fields):
    """Fields of `MovementBuyingPrice`."""

    quantity: NumberField
    reference: TextField
    second_reference: TextField
    date: MomentField
    warehouse_name: TextField
    bin_item_name: TextField
    stock_item_unit_name: TextField


class MovementBuyingPrice(Record, frozen=True):
    """Sage's `movement_buying_price`."""

    fields: ClassVar[MovementBuyingPriceFields] = MovementBuyingPriceFields()

    quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    reference: str | None = None
    """Text, 20 at most, read-only."""
    second_reference: str | None = None
    """Text, 20 at most, read-only."""
    date: datetime | None = None
    """Time, UTC, read-only."""
    warehouse_name: str | None = None
    """Text, 20 at most, read-only."""
    bin_item_name: str | None = None
    """Text, 20 at most, read-only."""
    stock_item_unit_name: str | None = None
    """Text, 20 at most, read-only."""


class BuyingPriceFields(Fields):
    """Fields of `BuyingPrice`."""

    buying_price: NumberField
    stock_level: NumberField
    stock_unit_name: TextField
    number_of_movements: NumberField
    is_buying_price_confirmed: BooleanField
    buying_prices: MovementBuyingPriceFields


class BuyingPrice(Record, frozen=True):
    """Sage's `buying_price`."""

    fields: ClassVar[BuyingPriceFields] = BuyingPriceFields()

    buying_price: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_level: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_name: str | None = None
    """Text, 20 at most, read-only."""
    number_of_movements: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    is_buying_price_confirmed: bool | None = None
    """True or false, read-only."""
    buying_prices: list[MovementBuyingPrice] | None = None
    """Member, many, when expanded, read-only."""


class ProductHoldingFields(Fields):
    """Fields of `ProductHolding`."""

    average_buying_price: NumberField
    quantity_on_order_for_direct_delivery: NumberField
    quantity_in_stock: NumberField
    quantity_allocated: NumberField
    quantity_on_order: NumberField
    quantity_sold_this_period: NumberField
    quantity_bought_this_period: NumberField
    quantity_sold_last_period: NumberField
    quantity_bought_last_period: NumberField
    buying_prices: BuyingPriceFields


class ProductHolding(Record, frozen=True):
    """Sage's `product`, member `holding`."""

    fields: ClassVar[ProductHoldingFields] = ProductHoldingFields()

    average_buying_price: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_on_order_for_direct_delivery: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_on_order: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_sold_this_period: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_bought_this_period: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_sold_last_period: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_bought_last_period: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    buying_prices: list[BuyingPrice] | None = None
    """Member, many, when expanded, read-only."""


class ProductStatusFields(Fields):
    """Fields of `ProductStatus`."""

    id: IntegerField
    has_negative_stock_quantities: BooleanField
    has_movement_balances: BooleanField
    has_active_pop_orders: BooleanField
    has_sop_or_pop_documents: BooleanField
    has_active_sop_or_pop_documents: BooleanField
    has_traceable_items: BooleanField
    has_unassigned_traceable_items: BooleanField
    has_traceable_sop_allocations: BooleanField
    is_in_use_by_bom: BooleanField
    date_time_created: MomentField
    date_time_updated: MomentField


class ProductStatus(Record, frozen=True):
    """Sage's `product`, member `status`."""

    fields: ClassVar[ProductStatusFields] = ProductStatusFields()

    id: int | None = None
    """Whole number, read-only."""
    has_negative_stock_quantities: bool | None = None
    """True or false, read-only."""
    has_movement_balances: bool | None = None
    """True or false, read-only."""
    has_active_pop_orders: bool | None = None
    """True or false, read-only."""
    has_sop_or_pop_documents: bool | None = None
    """True or false, read-only."""
    has_active_sop_or_pop_documents: bool | None = None
    """True or false, read-only."""
    has_traceable_items: bool | None = None
    """True or false, read-only."""
    has_unassigned_traceable_items: bool | None = None
    """True or false, read-only."""
    has_traceable_sop_allocations: bool | None = None
    """True or false, read-only."""
    is_in_use_by_bom: bool | None = None
    """True or false, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class AlternativeProductFields(Fields):
    """Fields of `AlternativeProduct`."""

    id: IntegerField
    product_id: IntegerField
    alternative_product_id: IntegerField
    is_preferred: BooleanField
    is_to_delete: BooleanField
    alternative_product: OpaqueFields
    product: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class AlternativeProduct(Record, frozen=True):
    """Sage's `alternative_product`."""

    fields: ClassVar[AlternativeProductFields] = AlternativeProductFields()

    id: int | None = None
    """Whole number, read-only."""
    product_id: int | None = None
    """Whole number."""
    alternative_product_id: int | None = None
    """Whole number."""
    is_preferred: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    alternative_product: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    product: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class AlternativeProductInput(TypedDict, total=False):
    """A row of `AlternativeProduct` to write: with its id to change it, without to add it."""

    id: int
    product_id: int
    alternative_product_id: int
    is_preferred: bool
    is_to_delete: bool


class CrossSellProductFields(Fields):
    """Fields of `CrossSellProduct`."""

    id: IntegerField
    product_id: IntegerField
    cross_sell_product_id: IntegerField
    is_to_delete: BooleanField
    cross_sell_product: OpaqueFields
    product: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CrossSellProduct(Record, frozen=True):
    """Sage's `cross_sell_product`."""

    fields: ClassVar[CrossSellProductFields] = CrossSellProductFields()

    id: int | None = None
    """Whole number, read-only."""
    product_id: int | None = None
    """Whole number."""
    cross_sell_product_id: int | None = None
    """Whole number."""
    is_to_delete: bool | None = None
    """True or false."""
    cross_sell_product: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    product: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CrossSellProductInput(TypedDict, total=False):
    """A row of `CrossSellProduct` to write: with its id to change it, without to add it."""

    id: int
    product_id: int
    cross_sell_product_id: int
    is_to_delete: bool


class ProductMemoFields(Fields):
    """Fields of `ProductMemo`."""

    id: IntegerField
    product_id: IntegerField
    is_active: BooleanField
    note: TextField
    is_to_delete: BooleanField
    created_by: TextField
    date_time_created: MomentField
    date_time_updated: MomentField


class ProductMemo(Record, frozen=True):
    """Sage's `product_memo`."""

    fields: ClassVar[ProductMemoFields] = ProductMemoFields()

    id: int | None = None
    """Whole number, read-only."""
    product_id: int | None = None
    """Whole number."""
    is_active: bool | None = None
    """True or false."""
    note: str | None = None
    """Text, 1000 at most."""
    is_to_delete: bool | None = None
    """True or false."""
    created_by: str | None = None
    """Text, 20 at most, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class ProductMemoInput(TypedDict, total=False):
    """A row of `ProductMemo` to write: with its id to change it, without to add it."""

    id: int
    product_id: int
    is_active: bool
    note: str
    is_to_delete: bool


class ProductSearchCategoryValueFields(Fields):
    """Fields of `ProductSearchCategoryValue`."""

    id: IntegerField
    product_id: IntegerField
    search_category_id: IntegerField
    search_category_name: TextField
    search_value_id: IntegerField
    search_value_name: TextField
    search_value: OpaqueFields
    is_to_delete: BooleanField
    date_time_created: MomentField
    date_time_updated: MomentField


class ProductSearchCategoryValue(Record, frozen=True):
    """Sage's `product_search_category_value`."""

    fields: ClassVar[ProductSearchCategoryValueFields] = (
        ProductSearchCategoryValueFields()
    )

    id: int | None = None
    """Whole number."""
    product_id: int | None = None
    """Whole number."""
    search_category_id: int | None = None
    """Whole number."""
    search_category_name: str | None = None
    """Text, 40 at most."""
    search_value_id: int | None = None
    """Whole number."""
    search_value_name: str | None = None
    """Text, 40 at most."""
    search_value: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class ProductSearchCategoryValueInput(TypedDict, total=False):
    """A row of `ProductSearchCategoryValue` to write: with its id to change it, without to add it."""

    id: int
    product_id: int
    search_category_id: int
    search_category_name: str
    search_value_id: int
    search_value_name: str
    is_to_delete: bool


class ProductSupplierFields(Fields):
    """Fields of `ProductSupplier`."""

    id: IntegerField
    product_id: IntegerField
    supplier_id: IntegerField
    supplier_stock_code: TextField
    lead_time: IntegerField
    lead_time_unit: TextField
    usual_order_quantity: NumberField
    minimum_order_quantity: NumberField
    list_price: NumberField
    date_list_price_changed: MomentField
    list_price_expiry_date: MomentField
    default_pricing_source_type: EnumField
    landed_costs_type: EnumField
    landed_costs_percentage: NumberField
    landed_costs_per_item: NumberField
    order_quantity_year_to_date: NumberField
    order_value_year_to_date: NumberField
    last_order_date: MomentField
    last_order_quantity: NumberField
    last_buying_price: NumberField
    quantity_on_order: NumberField
    is_preferred: BooleanField
    country_of_origin_id: IntegerField
    is_to_delete: BooleanField
    country_of_origin: OpaqueFields
    product: OpaqueFields
    supplier: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class ProductSupplier(Record, frozen=True):
    """Sage's `product_supplier`."""

    fields: ClassVar[ProductSupplierFields] = ProductSupplierFields()

    id: int | None = None
    """Whole number, read-only."""
    product_id: int | None = None
    """Whole number, read-only."""
    supplier_id: int | None = None
    """Whole number."""
    supplier_stock_code: str | None = None
    """Text, 60 at most."""
    lead_time: int | None = None
    """Whole number."""
    lead_time_unit: str | None = None
    """Text, 20 at most."""
    usual_order_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    minimum_order_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    list_price: Decimal | None = None
    """Number, 5 decimal places."""
    date_list_price_changed: datetime | None = None
    """Time, UTC, read-only."""
    list_price_expiry_date: datetime | None = None
    """Time, UTC."""
    default_pricing_source_type: str | None = None
    """Enum."""
    landed_costs_type: str | None = None
    """Enum."""
    landed_costs_percentage: Decimal | None = None
    """Number, 2 decimal places."""
    landed_costs_per_item: Decimal | None = None
    """Number, 2 decimal places."""
    order_quantity_year_to_date: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    order_value_year_to_date: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    last_order_date: datetime | None = None
    """Time, UTC, read-only."""
    last_order_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    last_buying_price: Decimal | None = None
    """Number, 5 decimal places."""
    quantity_on_order: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    is_preferred: bool | None = None
    """True or false."""
    country_of_origin_id: int | None = None
    """Whole number."""
    is_to_delete: bool | None = None
    """True or false."""
    country_of_origin: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    product: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    supplier: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class ProductSupplierInput(TypedDict, total=False):
    """A row of `ProductSupplier` to write: with its id to change it, without to add it."""

    id: int
    supplier_id: int
    supplier_stock_code: str
    lead_time: int
    lead_time_unit: str
    usual_order_quantity: Decimal | float
    minimum_order_quantity: Decimal | float
    list_price: Decimal | float
    list_price_expiry_date: datetime | date
    default_pricing_source_type: str
    landed_costs_type: str
    landed_costs_percentage: Decimal | float
    landed_costs_per_item: Decimal | float
    last_buying_price: Decimal | float
    is_preferred: bool
    country_of_origin_id: int
    is_to_delete: bool


class ProductUnitFields(Fields):
    """Fields of `ProductUnit`."""

    id: IntegerField
    product_id: IntegerField
    unit_id: IntegerField
    unit_type: EnumField
    multiple_of_base_unit: NumberField
    unit_precision: NumberField
    use_own_price: BooleanField
    has_sop_or_pop_documents: BooleanField
    is_to_delete: BooleanField
    unit: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class ProductUnit(Record, frozen=True):
    """Sage's `product_unit`."""

    fields: ClassVar[ProductUnitFields] = ProductUnitFields()

    id: int | None = None
    """Whole number, read-only."""
    product_id: int | None = None
    """Whole number."""
    unit_id: int | None = None
    """Whole number."""
    unit_type: str | None = None
    """Enum, read-only."""
    multiple_of_base_unit: Decimal | None = None
    """Number, 9 decimal places."""
    unit_precision: Decimal | None = None
    """Number, 5 decimal places."""
    use_own_price: bool | None = None
    """True or false."""
    has_sop_or_pop_documents: bool | None = None
    """True or false, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    unit: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class ProductUnitInput(TypedDict, total=False):
    """A row of `ProductUnit` to write: with its id to change it, without to add it."""

    id: int
    product_id: int
    unit_id: int
    multiple_of_base_unit: Decimal | float
    unit_precision: Decimal | float
    use_own_price: bool
    is_to_delete: bool


class BinHoldingFields(Fields):
    """Fields of `BinHolding`."""

    id: IntegerField
    warehouse_holding_id: IntegerField
    product_id: IntegerField
    name: TextField
    allocation_priority: IntegerField
    quantity_reserved: NumberField
    unconfirmed_qty_in_stock: NumberField
    confirmed_qty_in_stock: NumberField
    quantity_allocated_sop: NumberField
    quantity_allocated_stock: NumberField
    quantity_allocated_bom: NumberField
    quantity_in_stock: NumberField
    quantity_in_stock_less_reserved: NumberField
    quantity_allocated: NumberField
    free_stock_available: NumberField
    free_stock_available_less_reserved: NumberField
    last_stocktake: MomentField
    is_to_delete: BooleanField
    spare_text_1: TextField
    spare_text_2: TextField
    spare_text_3: TextField
    spare_text_4: TextField
    spare_text_5: TextField
    spare_text_6: TextField
    spare_text_7: TextField
    spare_text_8: TextField
    spare_text_9: TextField
    spare_text_10: TextField
    spare_number_1: NumberField
    spare_number_2: NumberField
    spare_number_3: NumberField
    spare_number_4: NumberField
    spare_number_5: NumberField
    spare_number_6: NumberField
    spare_number_7: NumberField
    spare_number_8: NumberField
    spare_number_9: NumberField
    spare_number_10: NumberField
    spare_date_1: MomentField
    spare_date_2: MomentField
    spare_date_3: MomentField
    spare_date_4: MomentField
    spare_date_5: MomentField
    spare_bool_1: BooleanField
    spare_bool_2: BooleanField
    spare_bool_3: BooleanField
    spare_bool_4: BooleanField
    spare_bool_5: BooleanField
    product: OpaqueFields
    warehouse_holding: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class BinHolding(Record, frozen=True):
    """Sage's `bin_holding`."""

    fields: ClassVar[BinHoldingFields] = BinHoldingFields()

    id: int | None = None
    """Whole number, read-only."""
    warehouse_holding_id: int | None = None
    """Whole number."""
    product_id: int | None = None
    """Whole number."""
    name: str | None = None
    """Text, 20 at most."""
    allocation_priority: int | None = None
    """Whole number."""
    quantity_reserved: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    unconfirmed_qty_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    confirmed_qty_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated_sop: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated_bom: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_in_stock_less_reserved: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    free_stock_available: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    free_stock_available_less_reserved: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    last_stocktake: datetime | None = None
    """Time, UTC, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    spare_text_1: str | None = None
    """Text, 100 at most."""
    spare_text_2: str | None = None
    """Text, 100 at most."""
    spare_text_3: str | None = None
    """Text, 100 at most."""
    spare_text_4: str | None = None
    """Text, 100 at most."""
    spare_text_5: str | None = None
    """Text, 100 at most."""
    spare_text_6: str | None = None
    """Text, 100 at most."""
    spare_text_7: str | None = None
    """Text, 100 at most."""
    spare_text_8: str | None = None
    """Text, 100 at most."""
    spare_text_9: str | None = None
    """Text, 100 at most."""
    spare_text_10: str | None = None
    """Text, 100 at most."""
    spare_number_1: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_2: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_3: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_4: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_5: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_6: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_7: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_8: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_9: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_10: Decimal | None = None
    """Number, 5 decimal places."""
    spare_date_1: datetime | None = None
    """Time, UTC."""
    spare_date_2: datetime | None = None
    """Time, UTC."""
    spare_date_3: datetime | None = None
    """Time, UTC."""
    spare_date_4: datetime | None = None
    """Time, UTC."""
    spare_date_5: datetime | None = None
    """Time, UTC."""
    spare_bool_1: bool | None = None
    """True or false."""
    spare_bool_2: bool | None = None
    """True or false."""
    spare_bool_3: bool | None = None
    """True or false."""
    spare_bool_4: bool | None = None
    """True or false."""
    spare_bool_5: bool | None = None
    """True or false."""
    product: dict[str, Any] | None = None
    """Member, when expanded."""
    warehouse_holding: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class BinHoldingInput(TypedDict, total=False):
    """A row of `BinHolding` to write: with its id to change it, without to add it."""

    id: int
    warehouse_holding_id: int
    product_id: int
    name: str
    allocation_priority: int
    is_to_delete: bool
    spare_text_1: str
    spare_text_2: str
    spare_text_3: str
    spare_text_4: str
    spare_text_5: str
    spare_text_6: str
    spare_text_7: str
    spare_text_8: str
    spare_text_9: str
    spare_text_10: str
    spare_number_1: Decimal | float
    spare_number_2: Decimal | float
    spare_number_3: Decimal | float
    spare_number_4: Decimal | float
    spare_number_5: Decimal | float
    spare_number_6: Decimal | float
    spare_number_7: Decimal | float
    spare_number_8: Decimal | float
    spare_number_9: Decimal | float
    spare_number_10: Decimal | float
    spare_date_1: datetime | date
    spare_date_2: datetime | date
    spare_date_3: datetime | date
    spare_date_4: datetime | date
    spare_date_5: datetime | date
    spare_bool_1: bool
    spare_bool_2: bool
    spare_bool_3: bool
    spare_bool_4: bool
    spare_bool_5: bool


class WarehouseHoldingStatusFields(Fields):
    """Fields of `WarehouseHoldingStatus`."""

    delete_exception_type: EnumField


class WarehouseHoldingStatus(Record, frozen=True):
    """Sage's `warehouse_holding`, member `status`."""

    fields: ClassVar[WarehouseHoldingStatusFields] = WarehouseHoldingStatusFields()

    delete_exception_type: str | None = None
    """Enum, read-only."""


class WarehouseHoldingFields(Fields):
    """Fields of `WarehouseHolding`."""

    id: IntegerField
    warehouse_id: IntegerField
    product_id: IntegerField
    is_default_manufacturing_warehouse: BooleanField
    reorder_level: NumberField
    minimum_level: NumberField
    maximum_level: NumberField
    quantity_reserved: NumberField
    confirmed_qty_in_stock: NumberField
    unconfirmed_qty_in_stock: NumberField
    quantity_in_stock: NumberField
    quantity_in_stock_less_reserved: NumberField
    quantity_on_order: NumberField
    quantity_allocated_stock: NumberField
    quantity_allocated_sop: NumberField
    quantity_allocated_bom: NumberField
    quantity_allocated: NumberField
    free_stock_available: NumberField
    free_stock_available_less_reserved: NumberField
    warehouse_name: TextField
    is_to_delete: BooleanField
    product: OpaqueFields
    warehouse: OpaqueFields
    bin_holdings: BinHoldingFields
    status: WarehouseHoldingStatusFields
    date_time_created: MomentField
    date_time_updated: MomentField


class WarehouseHolding(Record, frozen=True):
    """Sage's `warehouse_holding`."""

    fields: ClassVar[WarehouseHoldingFields] = WarehouseHoldingFields()

    id: int | None = None
    """Whole number, read-only."""
    warehouse_id: int | None = None
    """Whole number."""
    product_id: int | None = None
    """Whole number."""
    is_default_manufacturing_warehouse: bool | None = None
    """True or false."""
    reorder_level: Decimal | None = None
    """Number, 5 decimal places."""
    minimum_level: Decimal | None = None
    """Number, 5 decimal places."""
    maximum_level: Decimal | None = None
    """Number, 5 decimal places."""
    quantity_reserved: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    confirmed_qty_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    unconfirmed_qty_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_in_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_in_stock_less_reserved: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_on_order: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated_stock: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated_sop: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated_bom: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_allocated: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    free_stock_available: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    free_stock_available_less_reserved: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    warehouse_name: str | None = None
    """Text, 20 at most, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    product: dict[str, Any] | None = None
    """Member, when expanded."""
    warehouse: dict[str, Any] | None = None
    """Member, when expanded."""
    bin_holdings: list[BinHolding] | None = None
    """Member, many, when expanded."""
    status: WarehouseHoldingStatus | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class WarehouseHoldingInput(TypedDict, total=False):
    """A row of `WarehouseHolding` to write: with its id to change it, without to add it."""

    id: int
    warehouse_id: int
    product_id: int
    is_default_manufacturing_warehouse: bool
    reorder_level: Decimal | float
    minimum_level: Decimal | float
    maximum_level: Decimal | float
    is_to_delete: bool
    bin_holdings: list[BinHoldingInput]


class ProductFields(Fields):
    """Fields of `Product`."""

    id: IntegerField
    code: TextField
    name: TextField
    description: TextField
    use_description_on_documents: BooleanField
    barcode: TextField
    allow_sales_order: BooleanField
    free_stock_quantity: NumberField
    product_group_id: IntegerField
    tax_code_id: IntegerField
    product_status_type: EnumField
    fulfilment_method_type: EnumField
    fulfilment_sequence_type: EnumField
    inactivation_date: MomentField
    manufacturer: TextField
    part_number: TextField
    label_printing_option_type: EnumField
    traceable_type: EnumField
    sale_from_single_batch: BooleanField
    allow_duplicate_numbers: BooleanField
    uses_alternative_ref: BooleanField
    uses_sell_by_date: BooleanField
    uses_use_by_date: BooleanField
    shelf_life: IntegerField
    shelf_life_type: EnumField
    record_nos_on_goods_received: BooleanField
    include_nos_on_count_sheets: BooleanField
    auto_generate_option_type: EnumField
    auto_generate_separator_id: IntegerField
    auto_generate_prefix: TextField
    auto_generate_next_number: IntegerField
    auto_generate_padding: IntegerField
    stocktake_cycle_period: IntegerField
    standard_cost: NumberField
    average_buying_price: NumberField
    default_picking_list_comment: TextField
    default_despatch_note_comment: TextField
    commodity_code: TextField
    country_of_origin_id: IntegerField
    weight: NumberField
    suppress_mass_on_declaration: BooleanField
    is_weee_item: BooleanField
    use_supplementary_units: BooleanField
    supplementary_unit_conversion_ratio: NumberField
    use_reverse_charge_vat_rules: BooleanField
    landed_costs_type: EnumField
    landed_costs_percentage: NumberField
    landed_costs_per_item: NumberField
    bom_item_type: EnumField
    stock_nominal_code_id: IntegerField
    revenue_nominal_code_id: IntegerField
    accrual_nominal_code_id: IntegerField
    issue_nominal_code_id: IntegerField
    base_unit_id: IntegerField
    stock_unit_id: IntegerField
    has_alternative_products: BooleanField
    has_cross_sell_products: BooleanField
    has_preferred_supplier: BooleanField
    analysis_code_1: TextField
    analysis_code_2: TextField
    analysis_code_3: TextField
    analysis_code_4: TextField
    analysis_code_5: TextField
    analysis_code_6: TextField
    analysis_code_7: TextField
    analysis_code_8: TextField
    analysis_code_9: TextField
    analysis_code_10: TextField
    analysis_code_11: TextField
    analysis_code_12: TextField
    analysis_code_13: TextField
    analysis_code_14: TextField
    analysis_code_15: TextField
    analysis_code_16: TextField
    analysis_code_17: TextField
    analysis_code_18: TextField
    analysis_code_19: TextField
    analysis_code_20: TextField
    spare_text_1: TextField
    spare_text_2: TextField
    spare_text_3: TextField
    spare_text_4: TextField
    spare_text_5: TextField
    spare_text_6: TextField
    spare_text_7: TextField
    spare_text_8: TextField
    spare_text_9: TextField
    spare_text_10: TextField
    spare_number_1: NumberField
    spare_number_2: NumberField
    spare_number_3: NumberField
    spare_number_4: NumberField
    spare_number_5: NumberField
    spare_number_6: NumberField
    spare_number_7: NumberField
    spare_number_8: NumberField
    spare_number_9: NumberField
    spare_number_10: NumberField
    spare_date_1: MomentField
    spare_date_2: MomentField
    spare_date_3: MomentField
    spare_date_4: MomentField
    spare_date_5: MomentField
    spare_bool_1: BooleanField
    spare_bool_2: BooleanField
    spare_bool_3: BooleanField
    spare_bool_4: BooleanField
    spare_bool_5: BooleanField
    accrual_nominal_code: OpaqueFields
    auto_generate_separator: OpaqueFields
    base_unit: OpaqueFields
    bom_settings: BomSettingsFields
    country_of_origin: OpaqueFields
    holding: ProductHoldingFields
    issue_nominal_code: OpaqueFields
    product_group: OpaqueFields
    revenue_nominal_code: OpaqueFields
    status: ProductStatusFields
    stock_nominal_code: OpaqueFields
    stock_unit: OpaqueFields
    tax_code: OpaqueFields
    alternative_products: AlternativeProductFields
    cross_sell_products: CrossSellProductFields
    memos: ProductMemoFields
    search_category_values: ProductSearchCategoryValueFields
    suppliers: ProductSupplierFields
    units: ProductUnitFields
    warehouse_holdings: WarehouseHoldingFields
    date_time_created: MomentField
    date_time_updated: MomentField


class Product(Record, frozen=True):
    """Sage's `product`."""

    fields: ClassVar[ProductFields] = ProductFields()

    id: int | None = None
    """Whole number, read-only."""
    code: str | None = None
    """Text, 30 at most."""
    name: str | None = None
    """Text, 60 at most."""
    description: str | None = None
    """Text, 1000 at most."""
    use_description_on_documents: bool | None = None
    """True or false."""
    barcode: str | None = None
    """Text, 60 at most."""
    allow_sales_order: bool | None = None
    """True or false."""
    free_stock_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    product_group_id: int | None = None
    """Whole number."""
    tax_code_id: int | None = None
    """Whole number."""
    product_status_type: str | None = None
    """Enum."""
    fulfilment_method_type: str | None = None
    """Enum."""
    fulfilment_sequence_type: str | None = None
    """Enum."""
    inactivation_date: datetime | None = None
    """Time, UTC."""
    manufacturer: str | None = None
    """Text, 40 at most."""
    part_number: str | None = None
    """Text, 60 at most."""
    label_printing_option_type: str | None = None
    """Enum, Professional only."""
    traceable_type: str | None = None
    """Enum, Professional only."""
    sale_from_single_batch: bool | None = None
    """True or false, Professional only."""
    allow_duplicate_numbers: bool | None = None
    """True or false, Professional only."""
    uses_alternative_ref: bool | None = None
    """True or false, Professional only."""
    uses_sell_by_date: bool | None = None
    """True or false, Professional only."""
    uses_use_by_date: bool | None = None
    """True or false, Professional only."""
    shelf_life: int | None = None
    """Whole number, Professional only."""
    shelf_life_type: str | None = None
    """Enum, Professional only."""
    record_nos_on_goods_received: bool | None = None
    """True or false, Professional only."""
    include_nos_on_count_sheets: bool | None = None
    """True or false, Professional only."""
    auto_generate_option_type: str | None = None
    """Enum, Professional only."""
    auto_generate_separator_id: int | None = None
    """Whole number, Professional only."""
    auto_generate_prefix: str | None = None
    """Text, 20 at most, Professional only."""
    auto_generate_next_number: int | None = None
    """Whole number, Professional only."""
    auto_generate_padding: int | None = None
    """Whole number, Professional only."""
    stocktake_cycle_period: int | None = None
    """Whole number."""
    standard_cost: Decimal | None = None
    """Number, 5 decimal places."""
    average_buying_price: Decimal | None = None
    """Number, 5 decimal places."""
    default_picking_list_comment: str | None = None
    """Text, 160 at most."""
    default_despatch_note_comment: str | None = None
    """Text, 160 at most."""
    commodity_code: str | None = None
    """Text, 10 at most."""
    country_of_origin_id: int | None = None
    """Whole number."""
    weight: Decimal | None = None
    """Number, 4 decimal places."""
    suppress_mass_on_declaration: bool | None = None
    """True or false."""
    is_weee_item: bool | None = None
    """True or false."""
    use_supplementary_units: bool | None = None
    """True or false."""
    supplementary_unit_conversion_ratio: Decimal | None = None
    """Number, 9 decimal places."""
    use_reverse_charge_vat_rules: bool | None = None
    """True or false."""
    landed_costs_type: str | None = None
    """Enum."""
    landed_costs_percentage: Decimal | None = None
    """Number, 2 decimal places."""
    landed_costs_per_item: Decimal | None = None
    """Number, 2 decimal places."""
    bom_item_type: str | None = None
    """Enum."""
    stock_nominal_code_id: int | None = None
    """Whole number."""
    revenue_nominal_code_id: int | None = None
    """Whole number."""
    accrual_nominal_code_id: int | None = None
    """Whole number, Professional only."""
    issue_nominal_code_id: int | None = None
    """Whole number, Professional only."""
    base_unit_id: int | None = None
    """Whole number."""
    stock_unit_id: int | None = None
    """Whole number."""
    has_alternative_products: bool | None = None
    """True or false, read-only."""
    has_cross_sell_products: bool | None = None
    """True or false, read-only."""
    has_preferred_supplier: bool | None = None
    """True or false, read-only."""
    analysis_code_1: str | None = None
    """Text, 60 at most."""
    analysis_code_2: str | None = None
    """Text, 60 at most."""
    analysis_code_3: str | None = None
    """Text, 60 at most."""
    analysis_code_4: str | None = None
    """Text, 60 at most."""
    analysis_code_5: str | None = None
    """Text, 60 at most."""
    analysis_code_6: str | None = None
    """Text, 60 at most."""
    analysis_code_7: str | None = None
    """Text, 60 at most."""
    analysis_code_8: str | None = None
    """Text, 60 at most."""
    analysis_code_9: str | None = None
    """Text, 60 at most."""
    analysis_code_10: str | None = None
    """Text, 60 at most."""
    analysis_code_11: str | None = None
    """Text, 60 at most."""
    analysis_code_12: str | None = None
    """Text, 60 at most."""
    analysis_code_13: str | None = None
    """Text, 60 at most."""
    analysis_code_14: str | None = None
    """Text, 60 at most."""
    analysis_code_15: str | None = None
    """Text, 60 at most."""
    analysis_code_16: str | None = None
    """Text, 60 at most."""
    analysis_code_17: str | None = None
    """Text, 60 at most."""
    analysis_code_18: str | None = None
    """Text, 60 at most."""
    analysis_code_19: str | None = None
    """Text, 60 at most."""
    analysis_code_20: str | None = None
    """Text, 60 at most."""
    spare_text_1: str | None = None
    """Text, 100 at most."""
    spare_text_2: str | None = None
    """Text, 100 at most."""
    spare_text_3: str | None = None
    """Text, 100 at most."""
    spare_text_4: str | None = None
    """Text, 100 at most."""
    spare_text_5: str | None = None
    """Text, 100 at most."""
    spare_text_6: str | None = None
    """Text, 100 at most."""
    spare_text_7: str | None = None
    """Text, 100 at most."""
    spare_text_8: str | None = None
    """Text, 100 at most."""
    spare_text_9: str | None = None
    """Text, 100 at most."""
    spare_text_10: str | None = None
    """Text, 100 at most."""
    spare_number_1: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_2: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_3: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_4: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_5: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_6: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_7: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_8: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_9: Decimal | None = None
    """Number, 5 decimal places."""
    spare_number_10: Decimal | None = None
    """Number, 5 decimal places."""
    spare_date_1: datetime | None = None
    """Time, UTC."""
    spare_date_2: datetime | None = None
    """Time, UTC."""
    spare_date_3: datetime | None = None
    """Time, UTC."""
    spare_date_4: datetime | None = None
    """Time, UTC."""
    spare_date_5: datetime | None = None
    """Time, UTC."""
    spare_bool_1: bool | None = None
    """True or false."""
    spare_bool_2: bool | None = None
    """True or false."""
    spare_bool_3: bool | None = None
    """True or false."""
    spare_bool_4: bool | None = None
    """True or false."""
    spare_bool_5: bool | None = None
    """True or false."""
    accrual_nominal_code: dict[str, Any] | None = None
    """Member, when expanded, read-only, Professional only."""
    auto_generate_separator: dict[str, Any] | None = None
    """Member, when expanded, read-only, Professional only."""
    base_unit: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    bom_settings: BomSettings | None = None
    """Member, when expanded."""
    country_of_origin: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    holding: ProductHolding | None = None
    """Member, when expanded, read-only."""
    issue_nominal_code: dict[str, Any] | None = None
    """Member, when expanded, read-only, Professional only."""
    product_group: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    revenue_nominal_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    status: ProductStatus | None = None
    """Member, when expanded, read-only."""
    stock_nominal_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    stock_unit: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    tax_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    alternative_products: list[AlternativeProduct] | None = None
    """Member, many, when expanded."""
    cross_sell_products: list[CrossSellProduct] | None = None
    """Member, many, when expanded."""
    memos: list[ProductMemo] | None = None
    """Member, many, when expanded."""
    search_category_values: list[ProductSearchCategoryValue] | None = None
    """Member, many, when expanded."""
    suppliers: list[ProductSupplier] | None = None
    """Member, many, when expanded."""
    units: list[ProductUnit] | None = None
    """Member, many, when expanded."""
    warehouse_holdings: list[WarehouseHolding] | None = None
    """Member, many, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class _ProductOptional(TypedDict, total=False):
    description: str
    use_description_on_documents: bool
    barcode: str
    allow_sales_order: bool
    tax_code_id: int
    product_status_type: str
    fulfilment_method_type: str
    fulfilment_sequence_type: str
    inactivation_date: datetime | date
    manufacturer: str
    part_number: str
    label_printing_option_type: str
    traceable_type: str
    sale_from_single_batch: bool
    allow_duplicate_numbers: bool
    uses_alternative_ref: bool
    uses_sell_by_date: bool
    uses_use_by_date: bool
    shelf_life: int
    shelf_life_type: str
    record_nos_on_goods_received: bool
    include_nos_on_count_sheets: bool
    auto_generate_option_type: str
    auto_generate_separator_id: int
    auto_generate_prefix: str
    auto_generate_next_number: int
    auto_generate_padding: int
    stocktake_cycle_period: int
    standard_cost: Decimal | float
    average_buying_price: Decimal | float
    default_picking_list_comment: str
    default_despatch_note_comment: str
    commodity_code: str
    country_of_origin_id: int
    weight: Decimal | float
    suppress_mass_on_declaration: bool
    is_weee_item: bool
    use_supplementary_units: bool
    supplementary_unit_conversion_ratio: Decimal | float
    use_reverse_charge_vat_rules: bool
    landed_costs_type: str
    landed_costs_percentage: Decimal | float
    landed_costs_per_item: Decimal | float
    bom_item_type: str
    stock_nominal_code_id: int
    revenue_nominal_code_id: int
    accrual_nominal_code_id: int
    issue_nominal_code_id: int
    base_unit_id: int
    stock_unit_id: int
    analysis_code_1: str
    analysis_code_2: str
    analysis_code_3: str
    analysis_code_4: str
    analysis_code_5: str
    analysis_code_6: str
    analysis_code_7: str
    analysis_code_8: str
    analysis_code_9: str
    analysis_code_10: str
    analysis_code_11: str
    analysis_code_12: str
    analysis_code_13: str
    analysis_code_14: str
    analysis_code_15: str
    analysis_code_16: str
    analysis_code_17: str
    analysis_code_18: str
    analysis_code_19: str
    analysis_code_20: str
    spare_text_1: str
    spare_text_2: str
    spare_text_3: str
    spare_text_4: str
    spare_text_5: str
    spare_text_6: str
    spare_text_7: str
    spare_text_8: str
    spare_text_9: str
    spare_text_10: str
    spare_number_1: Decimal | float
    spare_number_2: Decimal | float
    spare_number_3: Decimal | float
    spare_number_4: Decimal | float
    spare_number_5: Decimal | float
    spare_number_6: Decimal | float
    spare_number_7: Decimal | float
    spare_number_8: Decimal | float
    spare_number_9: Decimal | float
    spare_number_10: Decimal | float
    spare_date_1: datetime | date
    spare_date_2: datetime | date
    spare_date_3: datetime | date
    spare_date_4: datetime | date
    spare_date_5: datetime | date
    spare_bool_1: bool
    spare_bool_2: bool
    spare_bool_3: bool
    spare_bool_4: bool
    spare_bool_5: bool
    bom_settings: BomSettingsInput
    alternative_products: list[AlternativeProductInput]
    cross_sell_products: list[CrossSellProductInput]
    memos: list[ProductMemoInput]
    search_category_values: list[ProductSearchCategoryValueInput]
    suppliers: list[ProductSupplierInput]
    units: list[ProductUnitInput]
    warehouse_holdings: list[WarehouseHoldingInput]


class ProductInput(_ProductOptional):
    """What `create` takes; the fields named here are required."""

    code: str
    name: str
    product_group_id: int


class ProductChanges(_ProductOptional, total=False):
    """What `update` takes: only the fields to change."""

    code: str
    name: str
    product_group_id: int
