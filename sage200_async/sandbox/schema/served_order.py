"""Which fields the service serves, and in which order.

Source:
    prismatic-io/components, ``examplePayloads.ts``: responses captured from Sage's
    demonstration company.
"""

from __future__ import annotations

from typing import Final

_RANGES: Final = {
    "ANALYSIS": ("analysis_code_", 20),
    "SPARE_TEXT": ("spare_text_", 10),
    "SPARE_NUMBER": ("spare_number_", 10),
    "SPARE_BOOL": ("spare_bool_", 5),
}
_SPARE: Final = "ANALYSIS SPARE_TEXT SPARE_NUMBER SPARE_BOOL"
_ORDERS: Final = {
    "Customer": (
        "reference name short_name balance on_hold account_status_type status_reason "
        "currency_id exchange_rate_type telephone_country_code telephone_area_code "
        "telephone_subscriber_number fax_country_code fax_area_code "
        "fax_subscriber_number website credit_limit country_code_id "
        "default_tax_code_id vat_number account_type early_settlement_discount_percent "
        "early_settlement_discount_days payment_terms_days payment_terms_basis "
        "credit_bureau_id credit_position_id trading_terms credit_reference "
        "account_opened last_credit_review next_credit_review application_date "
        "date_received terms_agreed order_priority months_to_keep_transactions "
        "default_nominal_code_reference default_nominal_code_cost_centre "
        f"default_nominal_code_department {_SPARE} value_of_current_orders_in_sop "
        "duns_code average_time_to_pay finance_charge_id office_type "
        "associated_head_office_id produce_statements_for_customer "
        "use_consolidated_billing use_tax_code_as_default invoice_discount_percent "
        "invoice_line_discount_percent customer_discount_group_id "
        "order_value_discount_id price_band_id"
    ),
    "CustomerContact": (
        "customer_id salutation_id name first_name middle_name last_name is_default "
        "default_telephone default_email"
    ),
    "CustomerDeliveryAddress": (
        "contact country customer_id description email fax is_default postal_name "
        "tax_code_id tax_number telephone country_code_id address_1 address_2 "
        "address_3 address_4 city county postcode address_country_code_id"
    ),
    "CustomerMainAddress": (
        "customer_id country contact_name address_1 address_2 address_3 address_4 city "
        "county postcode address_country_code_id"
    ),
    "Currency": (
        "symbol name core_currency_rate euro_currency_rate currency_iso_code_id "
        "is_base_currency is_euro_currency use_for_new_accounts exchange_rate_type "
        "exchange_rate_amendability_type"
    ),
    "PriceBand": (
        "name description is_standard_band currency_id price_band_type_id "
        "price_band_type is_active is_time_based"
    ),
    "Product": (
        "code name description use_description_on_documents barcode allow_sales_order "
        "free_stock_quantity product_group_id tax_code_id product_status_type "
        "fulfilment_method_type fulfilment_sequence_type manufacturer part_number "
        "label_printing_option_type traceable_type sale_from_single_batch "
        "allow_duplicate_numbers uses_alternative_ref uses_sell_by_date "
        "uses_use_by_date shelf_life shelf_life_type record_nos_on_goods_received "
        "include_nos_on_count_sheets auto_generate_option_type "
        "auto_generate_separator_id auto_generate_prefix auto_generate_next_number "
        "auto_generate_padding stocktake_cycle_period standard_cost "
        "average_buying_price default_picking_list_comment "
        "default_despatch_note_comment commodity_code country_of_origin_id weight "
        "suppress_mass_on_declaration is_weee_item use_supplementary_units "
        f"supplementary_unit_conversion_ratio use_reverse_charge_vat_rules {_SPARE} "
        "landed_costs_type landed_costs_percentage landed_costs_per_item bom_item_type"
    ),
    "SopOrder": (
        "is_credit_limit_exceeded payment_with_order "
        "invoice_payment_with_order_immediately payment_value payment_reference "
        "payment_method_id payment_declared payment_undeclared "
        "declared_payment_remaining document_no document_date document_status "
        "despatch_receipt_status invoice_credit_status cancelled_status customer_type "
        "customer_id currency_id is_draft exchange_rate subtotal_goods_value "
        "subtotal_charge_net_value subtotal_charge_tax_value subtotal_discount_value "
        "total_net_value total_tax_value total_gross_value customer_document_no "
        "use_invoice_address is_triangulated settlement_discount_days "
        "settlement_discount_percent document_discount_percent document_created_by "
        f"requested_delivery_date promised_delivery_date order_priority {_SPARE} "
        "external_reference"
    ),
    "SopOrderLine": (
        "sop_order_id line_number line_type code description use_description tax_code_id "
        "nominal_reference nominal_cost_centre nominal_department line_quantity "
        "to_allocate_quantity allocated_quantity despatch_receipt_quantity "
        "invoice_credit_quantity posted_invoice_credit_quantity available_for_despatch "
        "stock_unit_line_quantity stock_unit_to_allocate_quantity "
        "stock_unit_allocated_quantity stock_unit_despatch_receipt_quantity "
        "stock_unit_invoice_credit_quantity stock_unit_posted_invoice_credit_quantity "
        "stock_unit_available_for_despatch stock_unit_available_quantity "
        "allocation_status despatch_receipt_status invoice_credit_status "
        "selling_unit_description pricing_unit_description line_unit_precision "
        "stock_unit_precision selling_unit_multiple stock_unit_multiple "
        "selling_unit_price unit_discount_percent unit_discount_value "
        "discounted_unit_price cost_price discount_percent_specified "
        "selling_unit_price_overridden unit_discount_overridden retain_manual_prices "
        "fulfilment_method picking_list_comment despatch_note_comment "
        "show_on_customer_docs show_on_picking_list_type confirmation_intent_type "
        "has_pop_order back_to_back_status is_complete is_line_deletable "
        "line_total_value line_tax_value requested_delivery_date "
        f"promised_delivery_date {_SPARE} product_id warehouse_id"
    ),
    "WarehouseHolding": (
        "warehouse_id product_id reorder_level minimum_level maximum_level "
        "quantity_reserved confirmed_qty_in_stock unconfirmed_qty_in_stock "
        "quantity_in_stock quantity_in_stock_less_reserved quantity_on_order "
        "quantity_allocated_stock quantity_allocated_sop quantity_allocated_bom "
        "quantity_allocated free_stock_available free_stock_available_less_reserved "
        "warehouse_name is_default_manufacturing_warehouse"
    ),
}
_CONTROL: Final = frozenset(
    {
        "apply_available_document_discount_percent",
        "available_document_discount_percent",
        "customer_delivery_address_id",
        "lock_id",
        "payment_type",
    }
)
_NOT_SERVED: Final = {
    "SopOrder": _CONTROL,
    "SopQuote": _CONTROL,
    "PopOrder": _CONTROL,
    "SopOrderLine": frozenset({"is_to_split_line"}),
    "SopQuoteLine": frozenset({"is_to_split_line"}),
    "Product": frozenset(
        {
            "accrual_nominal_code_id",
            "base_unit_id",
            "issue_nominal_code_id",
            "revenue_nominal_code_id",
            "stock_nominal_code_id",
            "stock_unit_id",
        }
    ),
}
# Fields of a record that bodies may have, and that the captured responses lack.


def served_names(record: str) -> list[str]:
    """Return the fields of a record in the order in which they were seen; some lack.

    Example:
        >>> served_names("CustomerContact")[:2]
        ['customer_id', 'salutation_id']
        >>> served_names("Bank")
        []
    """
    names: list[str] = []
    for word in _ORDERS.get(record, "").split():
        prefix, count = _RANGES.get(word, (word, 0))
        names += [f"{prefix}{number}" for number in range(1, count + 1)] or [word]
    return names


def unserved_names(record: str) -> frozenset[str]:
    """Return the fields of a record that no response has.

    Example:
        >>> "lock_id" in unserved_names("SopOrder")
        True
    """
    return _NOT_SERVED.get(record, frozenset())
