"""Which view shows which records, and what it calls their fields.

Source:
    The OpenAPI documents: names of fields. ``customer_views.id`` is ``customers.id``:
    public Java and Node services filter it so. That the other views work alike is
    inference.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class ViewSpec(Struct, frozen=True):
    """A view of the records of one resource."""

    base: str
    """The resource whose records it shows; its own name if no resource has them."""
    rows: str = ""
    """The list in each record that it shows a row of; ``""`` for the record itself."""
    row_prefix: str = ""
    """What the names of those rows' fields begin with."""
    base_prefix: str = ""
    """What the names of the record's own fields begin with."""
    links: dict[str, tuple[str, str]] = {}
    """Prefix of the names, by resource and path of its id, as in ``line.product_id``."""
    parts: dict[str, str] = {}
    """Prefix of the names, by the related record that is stored in the record."""
    renamed: dict[str, str] = {}
    """Path of a field whose name does not follow from these."""


_CURRENCY: Final = {
    "currency_": ("currencies", "currency_id"),
    "currency_iso_code_": ("currency_iso_codes", "currency_.currency_iso_code_id"),
}
_TRADER_LINKS: Final = {
    **_CURRENCY,
    "country_code_": ("country_codes", "country_code_id"),
    "default_tax_rate_": ("tax_codes", "default_tax_code_id"),
    "credit_bureau_": ("credit_bureaus", "credit_bureau_id"),
    "credit_position_": ("credit_positions", "credit_position_id"),
}
_TRADER_NAMES: Final = {
    "account_is_on_hold": "on_hold",
    "base_balance": "balance",
    "contact_default_email_address": "contact_.default_email",
    "contact_default_telephone_number": "contact_.default_telephone",
    "country_code": "country_code_.code",
    "currency_iso_code": "currency_iso_code_.code",
    "date_account_details_last_changed": "date_time_updated",
    "days_early_settlement_disc_applies": "early_settlement_discount_days",
    "default_nominal_account_number": "default_nominal_code_reference",
    "default_nominal_cost_centre": "default_nominal_code_cost_centre",
    "default_nominal_department": "default_nominal_code_department",
    "default_order_priority": "order_priority",
    "default_tax_rate": "default_tax_rate_.tax_rate",
    "months_to_keep_transactions_for": "months_to_keep_transactions",
    "payment_terms": "payment_terms_basis",
    "payment_terms_in_days": "payment_terms_days",
}


def _location(trader: str) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Return the links and names of a trader's main address in its view."""
    location = f"{trader}_location_"
    links = {
        f"{location}country_code_": ("country_codes", "country_code_id"),
        f"{location}address_country_code_": (
            "country_codes",
            f"{location}.address_country_code_id",
        ),
    }
    names = {
        f"{location}address_line_{number}": f"{location}.address_{number}"
        for number in range(1, 5)
    }
    return links, names | {
        f"{location}address_country_code": f"{location}address_country_code_.code",
        f"{location}country_code": f"{location}country_code_.code",
        f"{location}country": f"{location}.country",
        f"{location}post_code": f"{location}.postcode",
    }


def _trader_view(trader: str, links: dict[str, tuple[str, str]]) -> ViewSpec:
    place_links, place_names = _location(trader)
    return ViewSpec(
        f"{trader}s",
        links=_TRADER_LINKS | place_links | links,
        parts={"contact_": "contacts", f"{trader}_location_": "main_address"},
        renamed=_TRADER_NAMES | place_names,
    )


def _lines_view(document: str, trader: str) -> ViewSpec:
    """Return the view of the lines of orders or quotes, with their headers."""
    line, area = f"{document}_line_", document[:3]
    currency = "currency_id" if area == "sop" else f"{trader}_.currency_id"
    price = "unit_buying_price" if area == "pop" else "selling_unit_price"
    return ViewSpec(
        f"{document}s",
        rows="lines",
        row_prefix=line,
        base_prefix=f"{document}_",
        links={
            f"{trader}_": (f"{trader}s", f"{trader}_id"),
            f"{document}_currency_": ("currencies", currency),
            "product_": ("products", "line.product_id"),
            "warehouse_": ("warehouses", "line.warehouse_id"),
            "tax_code_": ("tax_codes", "line.tax_code_id"),
        },
        parts={f"{area}_delivery_addr_": "delivery_address"},
        renamed={
            f"{line}line_tax_value": "line.line_tax_value",
            f"{line}number": "line.line_number",
            f"{line}product_code": "line.code",
            f"{line}product_description": "line.description",
            f"{line}quantity": "line.line_quantity",
            f"{line}tax_value": "line.line_tax_value",
            f"{line}total_value": "line.line_total_value",
            f"{line}type": "line.line_type",
            f"{line}unit_price": f"line.{price}",
            f"{document}_confirmation_intent_type": "line.confirmation_intent_type",
            f"{area}_delivery_addr_email": f"{area}_delivery_addr_.email_address",
            f"{area}_delivery_addr_fax": f"{area}_delivery_addr_.fax_number",
            f"{area}_delivery_addr_post_code": f"{area}_delivery_addr_.postcode",
            f"{area}_delivery_addr_telephone": f"{area}_delivery_addr_.telephone_number",
            f"{document}_subtotal_value": "subtotal_goods_value",
            "tax_code_rate": "tax_code_.tax_rate",
        },
    )


def _header_view(area: str, trader: str) -> ViewSpec:
    """Return the view of orders without their lines."""
    address = f"{area}_delivery_addr_"
    return ViewSpec(
        f"{area}_orders",
        links={f"{trader}_": (f"{trader}s", f"{trader}_id")},
        parts={address: "delivery_address"},
        renamed={
            f"{address}email": f"{address}.email_address",
            f"{address}fax": f"{address}.fax_number",
            f"{address}post_code": f"{address}.postcode",
            f"{address}telephone": f"{address}.telephone_number",
            "subtotal_charge_net_value": "subtotal_charges_net_value"
            if area == "pop"
            else "subtotal_charge_net_value",
            "subtotal_landed_costs": "subtotal_landed_costs_value",
        },
    )


def _transactions_view(trader: str, key: str) -> ViewSpec:
    ledger = "sales" if trader == "customer" else "purchase"
    return ViewSpec(
        f"{ledger}_posted_transactions",
        links={
            f"{trader}_": (f"{trader}s", f"{trader}_id"),
            "currency_": ("currencies", f"{trader}_.currency_id"),
        },
        renamed={
            key: "id",
            "base_outstanding_value": "document_outstanding_value",
            "query": "queried",
            "transaction_type": "trader_transaction_type",
            "transaction_date_time_updated": "date_time_updated",
        },
    )


def _related_products(name: str) -> ViewSpec:
    other = f"{name}_product_"
    return ViewSpec(
        f"{name}_products",
        links={
            "product_": ("products", "product_id"),
            other: ("products", f"{name}_product_id"),
        },
        renamed={
            "product_group_id": "product_.product_group_id",
            f"{other}group_id": f"{other}.product_group_id",
            f"{other}status_type_id": f"{other}.product_status_type",
            f"{other}traceable_type_id": f"{other}.traceable_type",
        },
    )


VIEWS: Final[dict[str, ViewSpec]] = {
    "customer_views": _trader_view(
        "customer",
        {
            "discount_group_": (
                "customer_discount_groups",
                "customer_discount_group_id",
            ),
            "order_value_discount_": (
                "order_value_discounts",
                "order_value_discount_id",
            ),
            "price_band_": ("price_bands", "price_band_id"),
        },
    ),
    "supplier_views": _trader_view(
        "supplier",
        {
            "factor_house_": ("factor_houses", "factor_house_id"),
            "payment_group_": ("payment_groups", "payment_group_id"),
        },
    ),
    "product_views": ViewSpec(
        "products",
        links={
            "product_group_": ("product_groups", "product_group_id"),
            "stock_unit_": ("units", "product_group_.stock_unit_id"),
            "base_unit_": ("units", "product_group_.base_unit_id"),
        },
        renamed={
            "inactive_date": "inactivation_date",
            "status_type": "product_status_type",
            "status_type_id": "product_status_type",
            "product_group_costing_method_type": "product_group_.costing_method",
            "product_group_costing_method_type_id": "product_group_.costing_method",
            "product_group_product_type_id": "product_group_.product_type",
            "stock_multiple_of_base_unit": "stock_unit_.multiple_of_base_unit",
            "stock_take_cycle_period": "stocktake_cycle_period",
            "suppress_net_mass": "suppress_mass_on_declaration",
            "use_description_on_docs": "use_description_on_documents",
        },
    ),
    "nominal_code_views": ViewSpec(
        "nominal_codes",
        links={
            "report_category_": ("nominal_report_categories", "report_category_id"),
            "sofa_category_": ("nominal_report_categories", "sofa_category_id"),
        },
        renamed={
            "credit_year_to_date": "credit_balance_year_to_date",
            "debit_year_to_date": "debit_balance_year_to_date",
        },
    ),
    "bank_views": ViewSpec(
        "banks",
        links={
            "currency_": ("currencies", "account_currency_id"),
            "currency_iso_code_": (
                "currency_iso_codes",
                "currency_.currency_iso_code_id",
            ),
        },
        renamed={"currency_iso_code": "currency_iso_code_.code"},
    ),
    "lookup_banks": ViewSpec("banks"),
    "lookup_customers": ViewSpec(
        "customers",
        parts={"location_": "main_address"},
        renamed={"post_code": "location_.postcode"},
    ),
    "lookup_nominal_codes": ViewSpec("nominal_codes"),
    "lookup_pop_orders": ViewSpec("pop_orders"),
    "lookup_product_groups": ViewSpec("product_groups"),
    "lookup_products": ViewSpec(
        "products",
        links={"group_": ("product_groups", "product_group_id")},
        renamed={
            "product_status_id": "product_status_type",
            "product_type_id": "group_.product_type",
            "this_is_the_sop_product_group": "group_.this_is_the_sop_product_group",
        },
    ),
    "lookup_sop_orders": ViewSpec("sop_orders"),
    "lookup_sop_quotes": ViewSpec("sop_quotes"),
    "lookup_suppliers": ViewSpec(
        "suppliers",
        parts={"location_": "main_address"},
        renamed={"post_code": "location_.postcode"},
    ),
    "sales_transaction_views": _transactions_view(
        "customer", "posted_customer_transaction_id"
    ),
    "purchase_transaction_views": _transactions_view(
        "supplier", "posted_supplier_transaction_id"
    ),
    "sales_transaction_enquiry_views": ViewSpec("sales_posted_transactions"),
    "purchase_transaction_enquiry_views": ViewSpec("purchase_posted_transactions"),
    "sop_order_line_views": _lines_view("sop_order", "customer"),
    "sop_quote_line_views": _lines_view("sop_quote", "customer"),
    "pop_order_line_views": _lines_view("pop_order", "supplier"),
    "sop_order_return_views": _header_view("sop", "customer"),
    "pop_order_return_views": _header_view("pop", "supplier"),
    "sop_quote_views": ViewSpec(
        "sop_quotes", links={"customer_": ("customers", "customer_id")}
    ),
    "alternative_product_views": _related_products("alternative"),
    "cross_sell_product_views": _related_products("cross_sell"),
    "product_warehouse_views": ViewSpec(
        "warehouse_holdings",
        links={"warehouse_": ("warehouses", "warehouse_id")},
        renamed={
            "free_stock_quantity": "free_stock_available",
            "use_for_sales_trading": "warehouse_.use_for_sales_trading",
            "warehouse_holding_id": "id",
        },
    ),
    "product_warehouse_bin_views": ViewSpec(
        "bin_holdings",
        links={
            "holding_": ("warehouse_holdings", "warehouse_holding_id"),
            "warehouse_": ("warehouses", "holding_.warehouse_id"),
        },
        renamed={"bin_holding_id": "id", "bin_holding_name": "name"},
    ),
    "pop_requisition_fulfilment_line_views": ViewSpec(
        "pop_requisition_fulfilment_lines",
        base_prefix="pop_requisition_fulfilment_line_",
        links={
            "pop_requisition_fulfilment_line_supplier_": ("suppliers", "supplier_id"),
        },
    ),
    "stocktake_views": ViewSpec(
        "stocktakes", links={"warehouse_": ("warehouses", "warehouse_id")}
    ),
}
"""Views of records, by name."""
