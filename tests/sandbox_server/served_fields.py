"""Names of the fields of captured responses, in their order.

Source: prismatic-io/components at 8938214, ``sage-200/src/examplePayloads.ts``: responses
captured from Sage's demonstration company in 2024. A name with a range stands for its
numbers. Names alone: no value of a capture is here.
"""

from __future__ import annotations

STAMPS = "date_time_created date_time_updated"
SPARE = "analysis_code_1-20 spare_text_1-10 spare_number_1-10 spare_bool_1-5"
CUSTOMER = (
    "reference name short_name balance on_hold account_status_type status_reason "
    "currency_id exchange_rate_type telephone_country_code telephone_area_code "
    "telephone_subscriber_number fax_country_code fax_area_code fax_subscriber_number "
    "website credit_limit country_code_id default_tax_code_id vat_number account_type "
    "early_settlement_discount_percent early_settlement_discount_days "
    "payment_terms_days payment_terms_basis credit_bureau_id credit_position_id "
    "trading_terms credit_reference account_opened terms_agreed order_priority "
    "months_to_keep_transactions default_nominal_code_reference "
    f"default_nominal_code_cost_centre default_nominal_code_department {SPARE} "
    "value_of_current_orders_in_sop duns_code average_time_to_pay finance_charge_id "
    "office_type associated_head_office_id produce_statements_for_customer "
    "use_consolidated_billing use_tax_code_as_default invoice_discount_percent "
    "invoice_line_discount_percent customer_discount_group_id order_value_discount_id "
    "price_band_id"
)
ORDER_PAYMENT = (
    "is_credit_limit_exceeded payment_with_order "
    "invoice_payment_with_order_immediately payment_value payment_reference "
    "payment_method_id"
)
ORDER_BODY = (
    "document_no document_date document_status despatch_receipt_status "
    "invoice_credit_status cancelled_status customer_type customer_id currency_id "
    "is_draft exchange_rate subtotal_goods_value subtotal_charge_net_value "
    "subtotal_charge_tax_value subtotal_discount_value total_net_value total_tax_value "
    "total_gross_value customer_document_no use_invoice_address is_triangulated "
    "settlement_discount_days settlement_discount_percent document_discount_percent"
)
GET = {
    "customers": f"{CUSTOMER} id {STAMPS}",
    "products": (
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
        f"supplementary_unit_conversion_ratio use_reverse_charge_vat_rules {SPARE} "
        "landed_costs_type landed_costs_percentage landed_costs_per_item bom_item_type "
        f"id {STAMPS}"
    ),
    "sop_orders": (
        f"{ORDER_PAYMENT} payment_declared payment_undeclared "
        f"declared_payment_remaining {ORDER_BODY} document_created_by order_priority "
        f"{SPARE} external_reference id {STAMPS}"
    ),
    "sop_order_lines": (
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
        f"promised_delivery_date {SPARE} product_id warehouse_id id {STAMPS}"
    ),
    "customer_contacts": (
        "customer_id salutation_id name first_name middle_name last_name is_default "
        f"default_telephone default_email id {STAMPS}"
    ),
    "customer_delivery_addresses": (
        "contact country customer_id description email fax is_default postal_name "
        "tax_code_id tax_number telephone country_code_id address_1 address_2 address_3 "
        f"address_4 city county postcode address_country_code_id id {STAMPS}"
    ),
    "customer_price_bands": f"customer_id price_band_id id {STAMPS}",
    "price_bands": (
        "name description is_standard_band currency_id price_band_type_id "
        f"price_band_type is_active is_time_based id {STAMPS}"
    ),
    "product_groups": (
        "code description product_type costing_method stocktake_cycle_period "
        "label_printing_option_type keep_movement_history can_levels_go_negative "
        "can_over_allocate_negative_stock use_description_on_documents "
        f"use_reverse_charge_vat_rules do_items_use_units id {STAMPS}"
    ),
    "tax_codes": (
        "code name tax_rate terms terms_description is_notional_acquisition_tax "
        f"id {STAMPS}"
    ),
    "lookup_customers": "id reference name short_name account_status_type_id post_code",
    "lookup_products": "id code name free_stock_quantity product_status_id",
    "lookup_product_groups": "id code description product_type_id",
    "product_price_views": (
        "product_price_id product_id product_code product_name product_stock_unit_name "
        "price_band_id price_band_name product_price_use_standard product_price_price "
        "currency_id currency_name currency_symbol date_time_updated"
    ),
    "pricing_source_types": "id value description",
    "sites": "company_id company_name tenant_id site_id site_name site_short_name",
}
"""Fields of one record of a GET, by resource."""
UNORDERED = {"lookup_customers", "lookup_products", "lookup_product_groups"}
"""Resources whose captured rows begin with the id; the others end with it."""
ABSENT = {
    "sop_orders": (
        "lock_id customer_delivery_address_id apply_available_document_discount_percent "
        "payment_type available_document_discount_percent is_editing"
    ),
    "sop_order_lines": "is_to_split_line is_to_delete create_cancelled_line",
    "products": (
        "stock_nominal_code_id revenue_nominal_code_id accrual_nominal_code_id "
        "issue_nominal_code_id base_unit_id stock_unit_id warehouse_holdings"
    ),
    "customers": "main_address contacts currency",
}
"""Fields that a GET lacks."""
ORDER_REPLY = (
    f"{ORDER_PAYMENT} payment_method payment_declared payment_undeclared "
    f"declared_payment_remaining payment_status {ORDER_BODY} "
    "available_document_discount_percent document_created_by requested_delivery_date "
    f"promised_delivery_date order_priority {SPARE} external_reference customer currency "
    "lines memos profitability id"
)
"""The response to POST ``sop_orders``; PUT has ``delivery_address`` and stamps, too."""
REPLY_PARTS = {
    "payment_method": (
        "name description bank_account_id currency_id card_processing_method id"
    ),
    "payment_status": (
        "is_partially_invoiced is_amendable is_reference_amendable "
        "is_payment_method_amendable"
    ),
    "customer": (
        f"{CUSTOMER} main_address default_tax_code country_code currency alerts id "
        f"{STAMPS}"
    ),
    "currency": (
        "symbol name core_currency_rate euro_currency_rate currency_iso_code_id "
        "is_base_currency is_euro_currency use_for_new_accounts exchange_rate_type "
        f"exchange_rate_amendability_type id {STAMPS}"
    ),
    "profitability": (
        "sop_order_return_id estimated_cost_value estimated_profit_percent_on_revenue "
        "estimated_profit_percent_on_cost estimated_profit_value issue_value "
        "realised_cost_value realised_issue_value realised_profit_percent_on_revenue "
        "realised_profit_percent_on_cost realised_profit_value "
        "simple_profit_calculation_only id"
    ),
}
"""The related records in it."""
HOLDING = (
    "warehouse_id product_id reorder_level minimum_level maximum_level "
    "quantity_reserved confirmed_qty_in_stock unconfirmed_qty_in_stock "
    "quantity_in_stock quantity_in_stock_less_reserved quantity_on_order "
    "quantity_allocated_stock quantity_allocated_sop quantity_allocated_bom "
    "quantity_allocated free_stock_available free_stock_available_less_reserved "
    "warehouse_name is_default_manufacturing_warehouse bin_holdings id"
)
"""A holding in the response to POST ``products``."""


def names_in(text):
    """Return the names of a list, ranges written out.

    Example:
        >>> names_in("a spare_bool_1-2")
        ['a', 'spare_bool_1', 'spare_bool_2']
    """
    names = []
    for word in text.split():
        first, dash, last = word.rpartition("-")
        stem, _, start = first.rpartition("_")
        numbers = range(int(start), int(last) + 1) if dash else ()
        names += [f"{stem}_{number}" for number in numbers] or [word]
    return names
