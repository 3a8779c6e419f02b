"""Records of the sop documents: declarations only."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypedDict

from sage200_async.catalog.models.sales import Customer, CustomerFields
from sage200_async.catalog.models.stock import Product, ProductFields
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


class SopOrderCashAccountInvoiceAddressFields(Fields):
    """Fields of `SopOrderCashAccountInvoiceAddress`."""

    id: IntegerField
    postal_name: TextField
    address_1: TextField
    address_2: TextField
    address_3: TextField
    address_4: TextField
    city: TextField
    county: TextField
    country: TextField
    postcode: TextField
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderCashAccountInvoiceAddress(Record, frozen=True):
    """Sage's `sop_order`, member `cash_account_invoice_address`."""

    fields: ClassVar[SopOrderCashAccountInvoiceAddressFields] = (
        SopOrderCashAccountInvoiceAddressFields()
    )

    id: int | None = None
    """Whole number, read-only."""
    postal_name: str | None = None
    """Text, 60 at most."""
    address_1: str | None = None
    """Text, 60 at most."""
    address_2: str | None = None
    """Text, 60 at most."""
    address_3: str | None = None
    """Text, 60 at most."""
    address_4: str | None = None
    """Text, 60 at most."""
    city: str | None = None
    """Text, 60 at most."""
    county: str | None = None
    """Text, 60 at most."""
    country: str | None = None
    """Text, 60 at most."""
    postcode: str | None = None
    """Text, 10 at most."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class SopOrderCashAccountInvoiceAddressInput(TypedDict, total=False):
    """A row of `SopOrderCashAccountInvoiceAddress` to write: with its id to change it, without to add it."""

    id: int
    postal_name: str
    address_1: str
    address_2: str
    address_3: str
    address_4: str
    city: str
    county: str
    country: str
    postcode: str


class SopOrderDeliveryAddressFields(Fields):
    """Fields of `SopOrderDeliveryAddress`."""

    id: IntegerField
    postal_name: TextField
    address_1: TextField
    address_2: TextField
    address_3: TextField
    address_4: TextField
    city: TextField
    county: TextField
    country: TextField
    postcode: TextField
    contact: TextField
    telephone_number: TextField
    fax_number: TextField
    email_address: TextField
    tax_number: TextField
    tax_code_id: IntegerField
    country_code_id: IntegerField
    tax_code: OpaqueFields
    country_code: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderDeliveryAddress(Record, frozen=True):
    """Sage's `sop_order`, member `delivery_address`."""

    fields: ClassVar[SopOrderDeliveryAddressFields] = SopOrderDeliveryAddressFields()

    id: int | None = None
    """Whole number, read-only."""
    postal_name: str | None = None
    """Text, 60 at most."""
    address_1: str | None = None
    """Text, 60 at most."""
    address_2: str | None = None
    """Text, 60 at most."""
    address_3: str | None = None
    """Text, 60 at most."""
    address_4: str | None = None
    """Text, 60 at most."""
    city: str | None = None
    """Text, 60 at most."""
    county: str | None = None
    """Text, 60 at most."""
    country: str | None = None
    """Text, 60 at most."""
    postcode: str | None = None
    """Text, 10 at most."""
    contact: str | None = None
    """Text, 235 at most."""
    telephone_number: str | None = None
    """Text, 30 at most."""
    fax_number: str | None = None
    """Text, 30 at most."""
    email_address: str | None = None
    """Text, 255 at most."""
    tax_number: str | None = None
    """Text, 30 at most."""
    tax_code_id: int | None = None
    """Whole number."""
    country_code_id: int | None = None
    """Whole number."""
    tax_code: dict[str, Any] | None = None
    """Member, when expanded."""
    country_code: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class SopOrderDeliveryAddressInput(TypedDict, total=False):
    """A row of `SopOrderDeliveryAddress` to write: with its id to change it, without to add it."""

    id: int
    postal_name: str
    address_1: str
    address_2: str
    address_3: str
    address_4: str
    city: str
    county: str
    country: str
    postcode: str
    contact: str
    telephone_number: str
    fax_number: str
    email_address: str
    tax_number: str
    tax_code_id: int
    country_code_id: int


class SopOrderPaymentStatusFields(Fields):
    """Fields of `SopOrderPaymentStatus`."""

    is_partially_invoiced: BooleanField
    is_amendable: BooleanField
    is_reference_amendable: BooleanField
    is_payment_method_amendable: BooleanField


class SopOrderPaymentStatus(Record, frozen=True):
    """Sage's `sop_order`, member `payment_status`."""

    fields: ClassVar[SopOrderPaymentStatusFields] = SopOrderPaymentStatusFields()

    is_partially_invoiced: bool | None = None
    """True or false, read-only."""
    is_amendable: bool | None = None
    """True or false, read-only."""
    is_reference_amendable: bool | None = None
    """True or false, read-only."""
    is_payment_method_amendable: bool | None = None
    """True or false, read-only."""


class SopOrderReturnLineProfitFields(Fields):
    """Fields of `SopOrderReturnLineProfit`."""

    id: IntegerField
    sop_order_profit_analysis_id: IntegerField
    sop_order_return_line_id: IntegerField
    item_code: TextField
    item_description: TextField
    traceable_type: EnumField
    line_type: EnumField
    estimated_cost_rate: NumberField
    estimated_profit_percent_on_revenue: NumberField
    estimated_profit_percent_on_cost: NumberField
    estimated_profit_value: NumberField
    issue_rate: NumberField
    line_quantity: NumberField
    realised_cost_rate: NumberField
    realised_cost_value: NumberField
    realised_profit_percent_on_revenue: NumberField
    realised_profit_percent_on_cost: NumberField
    realised_profit_value: NumberField
    realised_quantity: NumberField
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderReturnLineProfit(Record, frozen=True):
    """Sage's `sop_order_return_line_profit`."""

    fields: ClassVar[SopOrderReturnLineProfitFields] = SopOrderReturnLineProfitFields()

    id: int | None = None
    """Whole number, read-only."""
    sop_order_profit_analysis_id: int | None = None
    """Whole number."""
    sop_order_return_line_id: int | None = None
    """Whole number."""
    item_code: str | None = None
    """Text, 60 at most, read-only."""
    item_description: str | None = None
    """Text, 1000 at most, read-only."""
    traceable_type: str | None = None
    """Enum, read-only."""
    line_type: str | None = None
    """Enum."""
    estimated_cost_rate: Decimal | None = None
    """Number, 5 decimal places."""
    estimated_profit_percent_on_revenue: Decimal | None = None
    """Number, 5 decimal places."""
    estimated_profit_percent_on_cost: Decimal | None = None
    """Number, 5 decimal places."""
    estimated_profit_value: Decimal | None = None
    """Number, 5 decimal places."""
    issue_rate: Decimal | None = None
    """Number, 5 decimal places."""
    line_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    realised_cost_rate: Decimal | None = None
    """Number, 5 decimal places."""
    realised_cost_value: Decimal | None = None
    """Number, 5 decimal places."""
    realised_profit_percent_on_revenue: Decimal | None = None
    """Number, 5 decimal places."""
    realised_profit_percent_on_cost: Decimal | None = None
    """Number, 5 decimal places."""
    realised_profit_value: Decimal | None = None
    """Number, 5 decimal places."""
    realised_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class SopOrderReturnLineProfitInput(TypedDict, total=False):
    """A row of `SopOrderReturnLineProfit` to write: with its id to change it, without to add it."""

    id: int
    sop_order_profit_analysis_id: int
    sop_order_return_line_id: int
    line_type: str
    estimated_cost_rate: Decimal | float
    estimated_profit_percent_on_revenue: Decimal | float
    estimated_profit_percent_on_cost: Decimal | float
    estimated_profit_value: Decimal | float
    issue_rate: Decimal | float
    line_quantity: Decimal | float
    realised_cost_rate: Decimal | float
    realised_cost_value: Decimal | float
    realised_profit_percent_on_revenue: Decimal | float
    realised_profit_percent_on_cost: Decimal | float
    realised_profit_value: Decimal | float
    realised_quantity: Decimal | float


class SopOrderReturnProfitFields(Fields):
    """Fields of `SopOrderReturnProfit`."""

    id: IntegerField
    sop_order_return_id: IntegerField
    estimated_cost_value: NumberField
    estimated_profit_percent_on_revenue: NumberField
    estimated_profit_percent_on_cost: NumberField
    estimated_profit_value: NumberField
    issue_value: NumberField
    realised_cost_value: NumberField
    realised_issue_value: NumberField
    realised_profit_percent_on_revenue: NumberField
    realised_profit_percent_on_cost: NumberField
    realised_profit_value: NumberField
    simple_profit_calculation_only: BooleanField
    stock_item_order_lines: SopOrderReturnLineProfitFields
    other_order_lines: SopOrderReturnLineProfitFields
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderReturnProfit(Record, frozen=True):
    """Sage's `sop_order_return_profit`."""

    fields: ClassVar[SopOrderReturnProfitFields] = SopOrderReturnProfitFields()

    id: int | None = None
    """Whole number, read-only."""
    sop_order_return_id: int | None = None
    """Whole number."""
    estimated_cost_value: Decimal | None = None
    """Number, 5 decimal places."""
    estimated_profit_percent_on_revenue: Decimal | None = None
    """Number, 5 decimal places."""
    estimated_profit_percent_on_cost: Decimal | None = None
    """Number, 5 decimal places."""
    estimated_profit_value: Decimal | None = None
    """Number, 5 decimal places."""
    issue_value: Decimal | None = None
    """Number, 5 decimal places."""
    realised_cost_value: Decimal | None = None
    """Number, 5 decimal places."""
    realised_issue_value: Decimal | None = None
    """Number, 5 decimal places."""
    realised_profit_percent_on_revenue: Decimal | None = None
    """Number, 5 decimal places."""
    realised_profit_percent_on_cost: Decimal | None = None
    """Number, 5 decimal places."""
    realised_profit_value: Decimal | None = None
    """Number, 5 decimal places."""
    simple_profit_calculation_only: bool | None = None
    """True or false."""
    stock_item_order_lines: list[SopOrderReturnLineProfit] | None = None
    """Member, many, when expanded."""
    other_order_lines: list[SopOrderReturnLineProfit] | None = None
    """Member, many, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class SopOrderReturnProfitInput(TypedDict, total=False):
    """A row of `SopOrderReturnProfit` to write: with its id to change it, without to add it."""

    id: int
    sop_order_return_id: int
    estimated_cost_value: Decimal | float
    estimated_profit_percent_on_revenue: Decimal | float
    estimated_profit_percent_on_cost: Decimal | float
    estimated_profit_value: Decimal | float
    issue_value: Decimal | float
    realised_cost_value: Decimal | float
    realised_issue_value: Decimal | float
    realised_profit_percent_on_revenue: Decimal | float
    realised_profit_percent_on_cost: Decimal | float
    realised_profit_value: Decimal | float
    simple_profit_calculation_only: bool
    stock_item_order_lines: list[SopOrderReturnLineProfitInput]
    other_order_lines: list[SopOrderReturnLineProfitInput]


class SopOrderReturnLineDiscountFields(Fields):
    """Fields of `SopOrderReturnLineDiscount`."""

    id: IntegerField
    sop_order_return_line_id: IntegerField
    source_of_price_type: EnumField
    discount_name: TextField
    currency_name: TextField
    pricing_type: EnumField
    flat_rate_or_quantity_break_type: EnumField
    quantity_break_quantity: NumberField
    quantity_break_amount: NumberField
    discount_or_surcharge_type: EnumField
    value: NumberField
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderReturnLineDiscount(Record, frozen=True):
    """Sage's `sop_order_return_line_discount`."""

    fields: ClassVar[SopOrderReturnLineDiscountFields] = (
        SopOrderReturnLineDiscountFields()
    )

    id: int | None = None
    """Whole number, read-only."""
    sop_order_return_line_id: int | None = None
    """Whole number, read-only."""
    source_of_price_type: str | None = None
    """Enum, read-only."""
    discount_name: str | None = None
    """Text, 50 at most, read-only."""
    currency_name: str | None = None
    """Text, 30 at most, read-only."""
    pricing_type: str | None = None
    """Enum, read-only."""
    flat_rate_or_quantity_break_type: str | None = None
    """Enum, read-only."""
    quantity_break_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    quantity_break_amount: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    discount_or_surcharge_type: str | None = None
    """Enum, read-only."""
    value: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class SopOrderReturnLineDiscountInput(TypedDict, total=False):
    """A row of `SopOrderReturnLineDiscount` to write: with its id to change it, without to add it."""

    id: int


class SopItemTraceableAdjustmentItemFields(Fields):
    """Fields of `SopItemTraceableAdjustmentItem`."""

    traceable_item_id: IntegerField
    identification_no: TextField
    quantity: NumberField
    is_selected: BooleanField
    original_quantity: NumberField
    available_quantity: NumberField
    allocation_quantity: NumberField
    despatched_quantity: NumberField
    supplier_reference: TextField
    receipt_date: MomentField
    allocated_to_who_type: EnumField
    additional_reference: TextField
    sell_by_date: MomentField
    use_by_date: MomentField
    traceable_bin_item_id: IntegerField
    bin_item_id: IntegerField
    bin_name: TextField
    sop_allocation_line_id: IntegerField
    sop_allocation_line_quantity: NumberField
    traceable_allocation_balance_id: IntegerField
    is_allocated: BooleanField
    is_selectable: BooleanField


class SopItemTraceableAdjustmentItem(Record, frozen=True):
    """Sage's `sop_item_traceable_adjustment_item`."""

    fields: ClassVar[SopItemTraceableAdjustmentItemFields] = (
        SopItemTraceableAdjustmentItemFields()
    )

    traceable_item_id: int | None = None
    """Whole number, read-only."""
    identification_no: str | None = None
    """Text, 30 at most, read-only."""
    quantity: Decimal | None = None
    """Number, 5 decimal places."""
    is_selected: bool | None = None
    """True or false."""
    original_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    available_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    allocation_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    despatched_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    supplier_reference: str | None = None
    """Text, 8 at most, read-only."""
    receipt_date: datetime | None = None
    """Time, UTC, read-only."""
    allocated_to_who_type: str | None = None
    """Enum, read-only."""
    additional_reference: str | None = None
    """Text, 30 at most, read-only."""
    sell_by_date: datetime | None = None
    """Time, UTC, read-only."""
    use_by_date: datetime | None = None
    """Time, UTC, read-only."""
    traceable_bin_item_id: int | None = None
    """Whole number, read-only."""
    bin_item_id: int | None = None
    """Whole number, read-only."""
    bin_name: str | None = None
    """Text, 20 at most, read-only."""
    sop_allocation_line_id: int | None = None
    """Whole number, read-only."""
    sop_allocation_line_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    traceable_allocation_balance_id: int | None = None
    """Whole number, read-only."""
    is_allocated: bool | None = None
    """True or false, read-only."""
    is_selectable: bool | None = None
    """True or false, read-only."""


class SopItemTraceableAdjustmentItemInput(TypedDict, total=False):
    """A row of `SopItemTraceableAdjustmentItem` to write: with its id to change it, without to add it."""

    quantity: Decimal | float
    is_selected: bool


class SopOrderLineFields(Fields):
    """Fields of `SopOrderLine`."""

    id: IntegerField
    sop_order_id: IntegerField
    line_type: EnumField
    product_id: IntegerField
    warehouse_id: IntegerField
    create_cancelled_line: BooleanField
    is_to_split_line: BooleanField
    code: TextField
    use_description: BooleanField
    description: TextField
    line_quantity: NumberField
    to_allocate_quantity: NumberField
    line_number: IntegerField
    tax_code_id: IntegerField
    nominal_reference: TextField
    nominal_cost_centre: TextField
    nominal_department: TextField
    allocated_quantity: NumberField
    available_for_despatch: NumberField
    despatch_receipt_quantity: NumberField
    invoice_credit_quantity: NumberField
    posted_invoice_credit_quantity: NumberField
    stock_unit_line_quantity: NumberField
    stock_unit_to_allocate_quantity: NumberField
    stock_unit_allocated_quantity: NumberField
    stock_unit_available_quantity: NumberField
    stock_unit_available_for_despatch: NumberField
    stock_unit_despatch_receipt_quantity: NumberField
    stock_unit_invoice_credit_quantity: NumberField
    stock_unit_posted_invoice_credit_quantity: NumberField
    allocation_status: EnumField
    despatch_receipt_status: EnumField
    invoice_credit_status: EnumField
    selling_unit_id: IntegerField
    selling_unit_description: TextField
    selling_unit_price: NumberField
    selling_unit_price_overridden: BooleanField
    pricing_unit_id: IntegerField
    pricing_unit_description: TextField
    line_unit_precision: NumberField
    stock_unit_precision: NumberField
    selling_unit_multiple: NumberField
    stock_unit_multiple: NumberField
    unit_discount_percent: NumberField
    discount_percent_specified: BooleanField
    unit_discount_value: NumberField
    unit_discount_overridden: BooleanField
    discounted_unit_price: NumberField
    cost_price: NumberField
    retain_manual_prices: BooleanField
    fulfilment_method: EnumField
    confirmation_intent_type: EnumField
    mark_as_preferred: BooleanField
    line_tax_value: NumberField
    line_total_value: NumberField
    requested_delivery_date: MomentField
    promised_delivery_date: MomentField
    picking_list_comment: TextField
    despatch_note_comment: TextField
    show_on_customer_docs: BooleanField
    show_on_picking_list_type: EnumField
    has_pop_order: BooleanField
    back_to_back_status: EnumField
    is_complete: BooleanField
    is_line_deletable: BooleanField
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
    additional_charge: OpaqueFields
    discount: SopOrderReturnLineDiscountFields
    nominal_code: OpaqueFields
    pricing_unit: OpaqueFields
    product: ProductFields
    profitability: SopOrderReturnLineProfitFields
    selling_unit: OpaqueFields
    sop_order: SopOrderFields
    tax_code: OpaqueFields
    warehouse: OpaqueFields
    traceable_adjustment_items: SopItemTraceableAdjustmentItemFields
    is_to_delete: BooleanField
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderLine(Record, frozen=True):
    """Sage's `sop_order_line`."""

    fields: ClassVar[SopOrderLineFields] = SopOrderLineFields()

    id: int | None = None
    """Whole number, read-only."""
    sop_order_id: int | None = None
    """Whole number, read-only."""
    line_type: str | None = None
    """Enum."""
    product_id: int | None = None
    """Whole number."""
    warehouse_id: int | None = None
    """Whole number."""
    create_cancelled_line: bool | None = None
    """True or false."""
    is_to_split_line: bool | None = None
    """True or false."""
    code: str | None = None
    """Text, 30 at most."""
    use_description: bool | None = None
    """True or false."""
    description: str | None = None
    """Text, 6000 at most."""
    line_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    to_allocate_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    line_number: int | None = None
    """Whole number, read-only."""
    tax_code_id: int | None = None
    """Whole number."""
    nominal_reference: str | None = None
    """Text, 8 at most."""
    nominal_cost_centre: str | None = None
    """Text, 3 at most."""
    nominal_department: str | None = None
    """Text, 3 at most."""
    allocated_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    available_for_despatch: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    despatch_receipt_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    invoice_credit_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    posted_invoice_credit_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_line_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_to_allocate_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_allocated_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_available_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_available_for_despatch: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_despatch_receipt_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_invoice_credit_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_posted_invoice_credit_quantity: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    allocation_status: str | None = None
    """Enum, read-only."""
    despatch_receipt_status: str | None = None
    """Enum, read-only."""
    invoice_credit_status: str | None = None
    """Enum, read-only."""
    selling_unit_id: int | None = None
    """Whole number."""
    selling_unit_description: str | None = None
    """Text, 20 at most."""
    selling_unit_price: Decimal | None = None
    """Number, 5 decimal places."""
    selling_unit_price_overridden: bool | None = None
    """True or false."""
    pricing_unit_id: int | None = None
    """Whole number."""
    pricing_unit_description: str | None = None
    """Text, 20 at most."""
    line_unit_precision: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    stock_unit_precision: Decimal | None = None
    """Number, 5 decimal places, read-only."""
    selling_unit_multiple: Decimal | None = None
    """Number, 7 decimal places, read-only."""
    stock_unit_multiple: Decimal | None = None
    """Number, 7 decimal places, read-only."""
    unit_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    discount_percent_specified: bool | None = None
    """True or false."""
    unit_discount_value: Decimal | None = None
    """Number, 5 decimal places."""
    unit_discount_overridden: bool | None = None
    """True or false."""
    discounted_unit_price: Decimal | None = None
    """Number, 2 decimal places."""
    cost_price: Decimal | None = None
    """Number, 5 decimal places."""
    retain_manual_prices: bool | None = None
    """True or false."""
    fulfilment_method: str | None = None
    """Enum."""
    confirmation_intent_type: str | None = None
    """Enum."""
    mark_as_preferred: bool | None = None
    """True or false."""
    line_tax_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    line_total_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    requested_delivery_date: datetime | None = None
    """Time, UTC."""
    promised_delivery_date: datetime | None = None
    """Time, UTC."""
    picking_list_comment: str | None = None
    """Text, 160 at most."""
    despatch_note_comment: str | None = None
    """Text, 160 at most."""
    show_on_customer_docs: bool | None = None
    """True or false."""
    show_on_picking_list_type: str | None = None
    """Enum."""
    has_pop_order: bool | None = None
    """True or false, read-only."""
    back_to_back_status: str | None = None
    """Enum, read-only."""
    is_complete: bool | None = None
    """True or false, read-only."""
    is_line_deletable: bool | None = None
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
    additional_charge: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    discount: SopOrderReturnLineDiscount | None = None
    """Member, when expanded."""
    nominal_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    pricing_unit: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    product: Product | None = None
    """Member, when expanded, read-only."""
    profitability: SopOrderReturnLineProfit | None = None
    """Member, when expanded."""
    selling_unit: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    sop_order: SopOrder | None = None
    """Member, when expanded, read-only."""
    tax_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    warehouse: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    traceable_adjustment_items: list[SopItemTraceableAdjustmentItem] | None = None
    """Member, many, when expanded, Professional only."""
    is_to_delete: bool | None = None
    """True or false."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class SopOrderLineInput(TypedDict, total=False):
    """A row of `SopOrderLine` to write: with its id to change it, without to add it."""

    id: int
    line_type: str
    product_id: int
    warehouse_id: int
    create_cancelled_line: bool
    is_to_split_line: bool
    code: str
    use_description: bool
    description: str
    line_quantity: Decimal | float
    to_allocate_quantity: Decimal | float
    tax_code_id: int
    nominal_reference: str
    nominal_cost_centre: str
    nominal_department: str
    allocated_quantity: Decimal | float
    selling_unit_id: int
    selling_unit_description: str
    selling_unit_price: Decimal | float
    selling_unit_price_overridden: bool
    pricing_unit_id: int
    pricing_unit_description: str
    unit_discount_percent: Decimal | float
    discount_percent_specified: bool
    unit_discount_value: Decimal | float
    unit_discount_overridden: bool
    discounted_unit_price: Decimal | float
    cost_price: Decimal | float
    retain_manual_prices: bool
    fulfilment_method: str
    confirmation_intent_type: str
    mark_as_preferred: bool
    requested_delivery_date: datetime | date
    promised_delivery_date: datetime | date
    picking_list_comment: str
    despatch_note_comment: str
    show_on_customer_docs: bool
    show_on_picking_list_type: str
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
    discount: SopOrderReturnLineDiscountInput
    profitability: SopOrderReturnLineProfitInput
    traceable_adjustment_items: list[SopItemTraceableAdjustmentItemInput]
    is_to_delete: bool


class SopOrderMemoFields(Fields):
    """Fields of `SopOrderMemo`."""

    id: IntegerField
    sop_order_return_id: IntegerField
    is_active: BooleanField
    note: TextField
    is_to_delete: BooleanField
    created_by: TextField
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrderMemo(Record, frozen=True):
    """Sage's `sop_order_memo`."""

    fields: ClassVar[SopOrderMemoFields] = SopOrderMemoFields()

    id: int | None = None
    """Whole number, read-only."""
    sop_order_return_id: int | None = None
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


class SopOrderMemoInput(TypedDict, total=False):
    """A row of `SopOrderMemo` to write: with its id to change it, without to add it."""

    id: int
    sop_order_return_id: int
    is_active: bool
    note: str
    is_to_delete: bool


class SopOrderFields(Fields):
    """Fields of `SopOrder`."""

    id: IntegerField
    customer_id: IntegerField
    is_draft: BooleanField
    is_editing: BooleanField
    is_to_sequence_lines: BooleanField
    override_on_hold: BooleanField
    recalculate_prices: BooleanField
    apply_available_document_discount_percent: BooleanField
    lock_id: IntegerField
    customer_delivery_address_id: IntegerField
    suppress_warnings: BooleanField
    document_no: TextField
    customer_type: EnumField
    document_date: MomentField
    document_status: EnumField
    despatch_receipt_status: EnumField
    invoice_credit_status: EnumField
    cancelled_status: EnumField
    currency_id: IntegerField
    exchange_rate: NumberField
    subtotal_goods_value: NumberField
    subtotal_charge_net_value: NumberField
    subtotal_charge_tax_value: NumberField
    subtotal_discount_value: NumberField
    total_net_value: NumberField
    total_tax_value: NumberField
    total_gross_value: NumberField
    customer_document_no: TextField
    is_credit_limit_exceeded: BooleanField
    use_invoice_address: BooleanField
    is_triangulated: BooleanField
    settlement_discount_days: IntegerField
    settlement_discount_percent: NumberField
    document_discount_percent: NumberField
    available_document_discount_percent: NumberField
    document_created_by: TextField
    requested_delivery_date: MomentField
    promised_delivery_date: MomentField
    quotation_expiry_date: MomentField
    order_priority: TextField
    external_reference: TextField
    payment_with_order: BooleanField
    payment_type: EnumField
    invoice_payment_with_order_immediately: BooleanField
    payment_value: NumberField
    payment_reference: TextField
    payment_method_id: IntegerField
    payment_declared: NumberField
    payment_undeclared: NumberField
    declared_payment_remaining: NumberField
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
    cash_account_invoice_address: SopOrderCashAccountInvoiceAddressFields
    currency: OpaqueFields
    customer: CustomerFields
    delivery_address: SopOrderDeliveryAddressFields
    payment_method: OpaqueFields
    payment_status: SopOrderPaymentStatusFields
    profitability: SopOrderReturnProfitFields
    lines: SopOrderLineFields
    memos: SopOrderMemoFields
    date_time_created: MomentField
    date_time_updated: MomentField


class SopOrder(Record, frozen=True):
    """Sage's `sop_order`."""

    fields: ClassVar[SopOrderFields] = SopOrderFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number."""
    is_draft: bool | None = None
    """True or false, read-only."""
    is_editing: bool | None = None
    """True or false."""
    is_to_sequence_lines: bool | None = None
    """True or false."""
    override_on_hold: bool | None = None
    """True or false."""
    recalculate_prices: bool | None = None
    """True or false."""
    apply_available_document_discount_percent: bool | None = None
    """True or false."""
    lock_id: int | None = None
    """Whole number, read-only."""
    customer_delivery_address_id: int | None = None
    """Whole number."""
    suppress_warnings: bool | None = None
    """True or false."""
    document_no: str | None = None
    """Text, 20 at most."""
    customer_type: str | None = None
    """Enum."""
    document_date: datetime | None = None
    """Time, UTC."""
    document_status: str | None = None
    """Enum, read-only."""
    despatch_receipt_status: str | None = None
    """Enum, read-only."""
    invoice_credit_status: str | None = None
    """Enum, read-only."""
    cancelled_status: str | None = None
    """Enum, read-only."""
    currency_id: int | None = None
    """Whole number, read-only."""
    exchange_rate: Decimal | None = None
    """Number, 6 decimal places."""
    subtotal_goods_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    subtotal_charge_net_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    subtotal_charge_tax_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    subtotal_discount_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    total_net_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    total_tax_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    total_gross_value: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    customer_document_no: str | None = None
    """Text, 30 at most."""
    is_credit_limit_exceeded: bool | None = None
    """True or false, read-only."""
    use_invoice_address: bool | None = None
    """True or false."""
    is_triangulated: bool | None = None
    """True or false."""
    settlement_discount_days: int | None = None
    """Whole number."""
    settlement_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    document_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    available_document_discount_percent: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    document_created_by: str | None = None
    """Text, 30 at most."""
    requested_delivery_date: datetime | None = None
    """Time, UTC."""
    promised_delivery_date: datetime | None = None
    """Time, UTC."""
    quotation_expiry_date: datetime | None = None
    """Time, UTC."""
    order_priority: str | None = None
    """Text, 1 at most."""
    external_reference: str | None = None
    """Text, 20 at most, read-only."""
    payment_with_order: bool | None = None
    """True or false."""
    payment_type: str | None = None
    """Enum."""
    invoice_payment_with_order_immediately: bool | None = None
    """True or false."""
    payment_value: Decimal | None = None
    """Number, 2 decimal places."""
    payment_reference: str | None = None
    """Text, 20 at most."""
    payment_method_id: int | None = None
    """Whole number."""
    payment_declared: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    payment_undeclared: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    declared_payment_remaining: Decimal | None = None
    """Number, 2 decimal places, read-only."""
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
    cash_account_invoice_address: SopOrderCashAccountInvoiceAddress | None = None
    """Member, when expanded."""
    currency: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    customer: Customer | None = None
    """Member, when expanded, read-only."""
    delivery_address: SopOrderDeliveryAddress | None = None
    """Member, when expanded."""
    payment_method: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    payment_status: SopOrderPaymentStatus | None = None
    """Member, when expanded, read-only."""
    profitability: SopOrderReturnProfit | None = None
    """Member, when expanded."""
    lines: list[SopOrderLine] | None = None
    """Member, many, when expanded."""
    memos: list[SopOrderMemo] | None = None
    """Member, many, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class _SopOrderOptional(TypedDict, total=False):
    is_editing: bool
    is_to_sequence_lines: bool
    override_on_hold: bool
    recalculate_prices: bool
    apply_available_document_discount_percent: bool
    customer_delivery_address_id: int
    suppress_warnings: bool
    document_no: str
    customer_type: str
    document_date: datetime | date
    exchange_rate: Decimal | float
    customer_document_no: str
    use_invoice_address: bool
    is_triangulated: bool
    settlement_discount_days: int
    settlement_discount_percent: Decimal | float
    document_discount_percent: Decimal | float
    document_created_by: str
    requested_delivery_date: datetime | date
    promised_delivery_date: datetime | date
    quotation_expiry_date: datetime | date
    order_priority: str
    payment_with_order: bool
    payment_type: str
    invoice_payment_with_order_immediately: bool
    payment_value: Decimal | float
    payment_reference: str
    payment_method_id: int
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
    cash_account_invoice_address: SopOrderCashAccountInvoiceAddressInput
    delivery_address: SopOrderDeliveryAddressInput
    profitability: SopOrderReturnProfitInput
    lines: list[SopOrderLineInput]
    memos: list[SopOrderMemoInput]


class SopOrderInput(_SopOrderOptional):
    """What `create` takes; the fields named here are required."""

    customer_id: int


class SopOrderChanges(_SopOrderOptional, total=False):
    """What `update` takes: only the fields to change."""

    customer_id: int


class SopOrderLineViewFields(Fields):
    """Fields of `SopOrderLineView`."""

    sop_order_id: IntegerField
    sop_order_document_no: TextField
    sop_order_document_date: MomentField
    sop_order_document_status: EnumField
    sop_order_customer_document_no: TextField
    sop_order_currency_id: IntegerField
    sop_order_currency_name: TextField
    sop_order_currency_symbol: TextField
    sop_order_exchange_rate: NumberField
    sop_order_subtotal_goods_value: NumberField
    sop_order_subtotal_charge_net_value: NumberField
    sop_order_subtotal_charge_tax_value: NumberField
    sop_order_subtotal_discount_value: NumberField
    sop_order_requested_delivery_date: MomentField
    sop_order_promised_delivery_date: MomentField
    sop_order_settlement_discount_days: IntegerField
    sop_order_settlement_discount_percent: NumberField
    sop_order_document_discount_percent: NumberField
    sop_order_document_created_by: TextField
    sop_order_analysis_code_1: TextField
    sop_order_analysis_code_2: TextField
    sop_order_analysis_code_3: TextField
    sop_order_analysis_code_4: TextField
    sop_order_analysis_code_5: TextField
    sop_order_analysis_code_6: TextField
    sop_order_analysis_code_7: TextField
    sop_order_analysis_code_8: TextField
    sop_order_analysis_code_9: TextField
    sop_order_analysis_code_10: TextField
    sop_order_analysis_code_11: TextField
    sop_order_analysis_code_12: TextField
    sop_order_analysis_code_13: TextField
    sop_order_analysis_code_14: TextField
    sop_order_analysis_code_15: TextField
    sop_order_analysis_code_16: TextField
    sop_order_analysis_code_17: TextField
    sop_order_analysis_code_18: TextField
    sop_order_analysis_code_19: TextField
    sop_order_analysis_code_20: TextField
    sop_order_date_time_updated: MomentField
    sop_order_line_id: IntegerField
    sop_order_line_number: IntegerField
    sop_order_line_type: EnumField
    sop_order_line_product_code: TextField
    sop_order_line_product_description: TextField
    sop_order_line_quantity: NumberField
    sop_order_line_allocated_quantity: NumberField
    sop_order_line_despatch_receipt_quantity: NumberField
    sop_order_line_invoice_credit_quantity: NumberField
    sop_order_line_selling_unit_description: TextField
    sop_order_line_selling_unit_price: NumberField
    sop_order_line_unit_discount_percent: NumberField
    sop_order_line_unit_discount_value: NumberField
    sop_order_line_cost_price: NumberField
    sop_order_line_total_value: NumberField
    sop_order_line_line_tax_value: NumberField
    sop_order_line_discounted_unit_price: NumberField
    sop_order_line_requested_delivery_date: MomentField
    sop_order_line_promised_delivery_date: MomentField
    sop_order_line_analysis_code_1: TextField
    sop_order_line_analysis_code_2: TextField
    sop_order_line_analysis_code_3: TextField
    sop_order_line_analysis_code_4: TextField
    sop_order_line_analysis_code_5: TextField
    sop_order_line_analysis_code_6: TextField
    sop_order_line_analysis_code_7: TextField
    sop_order_line_analysis_code_8: TextField
    sop_order_line_analysis_code_9: TextField
    sop_order_line_analysis_code_10: TextField
    sop_order_line_analysis_code_11: TextField
    sop_order_line_analysis_code_12: TextField
    sop_order_line_analysis_code_13: TextField
    sop_order_line_analysis_code_14: TextField
    sop_order_line_analysis_code_15: TextField
    sop_order_line_analysis_code_16: TextField
    sop_order_line_analysis_code_17: TextField
    sop_order_line_analysis_code_18: TextField
    sop_order_line_analysis_code_19: TextField
    sop_order_line_analysis_code_20: TextField
    sop_order_line_date_time_updated: MomentField
    sop_delivery_addr_postal_name: TextField
    sop_delivery_addr_description: TextField
    sop_delivery_addr_address_1: TextField
    sop_delivery_addr_address_2: TextField
    sop_delivery_addr_address_3: TextField
    sop_delivery_addr_address_4: TextField
    sop_delivery_addr_city: TextField
    sop_delivery_addr_county: TextField
    sop_delivery_addr_post_code: TextField
    sop_delivery_addr_country: TextField
    sop_delivery_addr_contact: TextField
    sop_delivery_addr_telephone: TextField
    sop_delivery_addr_fax: TextField
    sop_delivery_addr_email: TextField
    customer_id: IntegerField
    customer_reference: TextField
    customer_name: TextField
    product_id: IntegerField
    product_code: TextField
    product_name: TextField
    product_description: TextField
    warehouse_id: IntegerField
    warehouse_name: TextField
    tax_code_id: IntegerField
    tax_code_code: IntegerField
    tax_code_name: TextField
    tax_code_rate: NumberField


class SopOrderLineView(Record, frozen=True):
    """Sage's `sop_order_line_view`."""

    fields: ClassVar[SopOrderLineViewFields] = SopOrderLineViewFields()

    sop_order_id: int | None = None
    """Whole number."""
    sop_order_document_no: str | None = None
    """Text, 20 at most."""
    sop_order_document_date: datetime | None = None
    """Time, UTC."""
    sop_order_document_status: str | None = None
    """Enum."""
    sop_order_customer_document_no: str | None = None
    """Text, 30 at most."""
    sop_order_currency_id: int | None = None
    """Whole number."""
    sop_order_currency_name: str | None = None
    """Text, 30 at most."""
    sop_order_currency_symbol: str | None = None
    """Text, 4 at most."""
    sop_order_exchange_rate: Decimal | None = None
    """Number, 6 decimal places."""
    sop_order_subtotal_goods_value: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_subtotal_charge_net_value: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_subtotal_charge_tax_value: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_subtotal_discount_value: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_requested_delivery_date: datetime | None = None
    """Time, UTC."""
    sop_order_promised_delivery_date: datetime | None = None
    """Time, UTC."""
    sop_order_settlement_discount_days: int | None = None
    """Whole number."""
    sop_order_settlement_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_document_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_document_created_by: str | None = None
    """Text, 30 at most."""
    sop_order_analysis_code_1: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_2: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_3: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_4: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_5: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_6: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_7: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_8: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_9: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_10: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_11: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_12: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_13: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_14: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_15: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_16: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_17: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_18: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_19: str | None = None
    """Text, 60 at most."""
    sop_order_analysis_code_20: str | None = None
    """Text, 60 at most."""
    sop_order_date_time_updated: datetime | None = None
    """Time, UTC."""
    sop_order_line_id: int | None = None
    """Whole number."""
    sop_order_line_number: int | None = None
    """Whole number."""
    sop_order_line_type: str | None = None
    """Enum."""
    sop_order_line_product_code: str | None = None
    """Text, 30 at most."""
    sop_order_line_product_description: str | None = None
    """Text, 1000 at most."""
    sop_order_line_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_allocated_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_despatch_receipt_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_invoice_credit_quantity: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_selling_unit_description: str | None = None
    """Text, 20 at most."""
    sop_order_line_selling_unit_price: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_unit_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_line_unit_discount_value: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_cost_price: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_total_value: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_line_line_tax_value: Decimal | None = None
    """Number, 2 decimal places."""
    sop_order_line_discounted_unit_price: Decimal | None = None
    """Number, 5 decimal places."""
    sop_order_line_requested_delivery_date: datetime | None = None
    """Time, UTC."""
    sop_order_line_promised_delivery_date: datetime | None = None
    """Time, UTC."""
    sop_order_line_analysis_code_1: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_2: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_3: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_4: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_5: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_6: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_7: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_8: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_9: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_10: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_11: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_12: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_13: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_14: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_15: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_16: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_17: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_18: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_19: str | None = None
    """Text, 60 at most."""
    sop_order_line_analysis_code_20: str | None = None
    """Text, 60 at most."""
    sop_order_line_date_time_updated: datetime | None = None
    """Time, UTC."""
    sop_delivery_addr_postal_name: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_description: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_address_1: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_address_2: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_address_3: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_address_4: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_city: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_county: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_post_code: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_country: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_contact: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_telephone: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_fax: str | None = None
    """Text, 60 at most."""
    sop_delivery_addr_email: str | None = None
    """Text, 60 at most."""
    customer_id: int | None = None
    """Whole number."""
    customer_reference: str | None = None
    """Text, 8 at most."""
    customer_name: str | None = None
    """Text, 60 at most."""
    product_id: int | None = None
    """Whole number."""
    product_code: str | None = None
    """Text, 30 at most."""
    product_name: str | None = None
    """Text, 60 at most."""
    product_description: str | None = None
    """Text, 1000 at most."""
    warehouse_id: int | None = None
    """Whole number."""
    warehouse_name: str | None = None
    """Text, 20 at most."""
    tax_code_id: int | None = None
    """Whole number."""
    tax_code_code: int | None = None
    """Whole number."""
    tax_code_name: str | None = None
    """Text, 60 at most."""
    tax_code_rate: Decimal | None = None
    """Number, 2 decimal places."""
