"""Reference data of the made-up company: currencies, tax codes, accounts, users.

Source:
    ISO 3166 and ISO 4217; HM Revenue & Customs for the rates of VAT. That tax code 1
    is the standard rate, and "Standard" the standard price band: prismatic-io/
    components, ``examplePayloads.ts``. The other numbers and names are inference.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any, Final, NamedTuple


class Ref(NamedTuple):
    """The id of a record of the reference data."""

    path: str
    number: int
    """Which of its rows, from 0."""


Rows = tuple[dict[str, Any], ...]


def _named(columns: str, *rows: tuple[Any, ...]) -> Rows:
    names = columns.split()
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


_NO_TERMS: Final = ("EcTermsNotApplicable", "Not Applicable", False)
_TAX_CODES: Final = _named(
    "code name tax_rate terms terms_description is_notional_acquisition_tax",
    (0, "Exempt", 0, *_NO_TERMS),
    (1, "Standard rate", 20, *_NO_TERMS),
    (2, "Zero rate", 0, *_NO_TERMS),
    (3, "Reduced rate", 5, *_NO_TERMS),
    (4, "Sales of goods to the EU", 0, *_NO_TERMS),
    (5, "Domestic fuel", 5, *_NO_TERMS),
    (6, "Sales of services to the EU", 0, *_NO_TERMS),
    (7, "Purchases from the EU, zero rate", 0, *_NO_TERMS),
    (
        8,
        "Services from abroad (reverse charge)",
        20,
        "EcTermsPurchaseNonRelatedServices",
        "Purchase Non-Related Services",
        True,
    ),
    (9, "Outside the scope of VAT", 0, *_NO_TERMS),
)
_CURRENCIES: Final = tuple(
    {
        "symbol": symbol,
        "name": name,
        "core_currency_rate": rate,
        "is_base_currency": index == 0,
        "is_euro_currency": False,
        "use_for_new_accounts": index == 0,
        "exchange_rate_type": "ExchangeRateSingle",
        "exchange_rate_amendability_type": "ExchangeAmendabilityAllTransactions",
        "currency_iso_code_id": Ref("currency_iso_codes", index),
    }
    for index, (symbol, name, rate) in enumerate(
        (("£", "Pound Sterling", 1), ("€", "Euro", 1.18), ("$", "US Dollar", 1.27))
    )
)
_ISO_CURRENCIES: Final = _named(
    "code name",
    ("GBP", "Pound Sterling"),
    ("EUR", "Euro"),
    ("USD", "US Dollar"),
    ("AUD", "Australian Dollar"),
    ("CAD", "Canadian Dollar"),
    ("CHF", "Swiss Franc"),
    ("DKK", "Danish Krone"),
    ("JPY", "Yen"),
    ("NOK", "Norwegian Krone"),
    ("PLN", "Zloty"),
    ("SEK", "Swedish Krona"),
)
_COUNTRIES: Final = tuple(
    {"code": code, "name": name, "eu_member": in_union}
    for code, name, in_union in (
        ("GB", "Great Britain", False), ("IE", "Ireland", True),
        ("AT", "Austria", True), ("AU", "Australia", False), ("BE", "Belgium", True),
        ("CA", "Canada", False), ("CH", "Switzerland", False), ("CZ", "Czechia", True),
        ("DE", "Germany", True), ("DK", "Denmark", True), ("ES", "Spain", True),
        ("FI", "Finland", True), ("FR", "France", True), ("GR", "Greece", True),
        ("IT", "Italy", True), ("JP", "Japan", False), ("LU", "Luxembourg", True),
        ("NL", "Netherlands", True), ("NO", "Norway", False), ("PL", "Poland", True),
        ("PT", "Portugal", True), ("SE", "Sweden", True), ("US", "United States", False),
    )
)  # fmt: skip
_NOMINAL_CODES: Final = tuple(
    {
        "reference": reference,
        "name": name,
        "report_category_id": Ref("nominal_report_categories", category),
        "sofa_category_id": 0,
        "consolidated_nominal_code_id": 0,
        "cost_centre_id": 0,
        "cost_centre_code": "",
        "department_id": 0,
        "department_code": "",
        "account_status_type": "AccountStatusActive",
    }
    for reference, name, category in (
        ("4000", "Sales", 0), ("4100", "Export sales", 0), ("4900", "Carriage charged", 0),
        ("4910", "Settlement discount allowed", 0), ("5000", "Cost of sales", 1),
        ("5100", "Carriage inwards", 1), ("5200", "Stock variance", 1),
        ("7000", "Wages", 2), ("7100", "Rent and rates", 2), ("7200", "Heat and light", 2),
        ("7500", "Postage and stationery", 2), ("7550", "Telephone", 2),
        ("7900", "Bank charges", 2), ("7910", "Exchange differences", 2),
        ("0030", "Office equipment", 3), ("1000", "Stock", 3), ("1100", "Debtors control", 3),
        ("1200", "Bank current account", 3), ("2100", "Creditors control", 4),
        ("2110", "Goods received not invoiced", 4), ("2200", "VAT", 4),
        ("3000", "Share capital", 4),
    )
)  # fmt: skip
BANK_ACCOUNT: Final = 17
"""Which of the nominal codes the bank account is posted to."""
_CATEGORIES: Final = _named(
    "code description",
    ("SAL", "Sales"),
    ("COS", "Cost of sales"),
    ("OVH", "Overheads"),
    ("AST", "Assets"),
    ("LIA", "Liabilities and capital"),
)
_BANKS: Final = tuple(
    {
        "code": code,
        "description": description,
        "account_name": "Sandbox Trading Ltd",
        "bank_name": "Bank of the Dales",
        "sort_code": "00-00-01",
        "account_no": f"0000000{index + 1}",
        "iban": f"GB00DALE0000010000000{index + 1}",
        "bic": "DALEGB2L",
        "balance": 0,
        "balance_in_base": 0,
        "bank_account_nominal_reference": "1200",
        "bank_charges_nominal_reference": "7900",
        "exchange_diff_nominal_reference": "7910",
    }
    for index, (code, description) in enumerate(
        (
            ("CURR", "Current account"),
            ("DEP", "Deposit account"),
            ("PETTY", "Petty cash"),
        )
    )
)
_WAREHOUSES: Final = tuple(
    {
        "name": name,
        "description": f"{name} warehouse",
        "use_for_sales_trading": True,
        "postal_name": "Sandbox Trading Ltd",
        "address_1": "Unit 4, Enterprise Park",
        "city": name,
        "postcode": postcode,
        "country": "Great Britain",
        "contact": "Megan Hughes",
    }
    for name, postcode in (
        ("Leeds", "LS1 4AP"),
        ("Bristol", "BS1 4DJ"),
        ("Returns", "LS1 4AQ"),
    )
)
_GROUPS: Final = tuple(
    {
        "code": code,
        "description": description,
        "this_is_the_sop_product_group": False,
        "stock_nominal_code_id": Ref("nominal_codes", 15),
        "revenue_nominal_code_id": Ref("nominal_codes", 0),
        "accrual_nominal_code_id": Ref("nominal_codes", 19),
        "issue_nominal_code_id": Ref("nominal_codes", 4),
        "base_unit_id": Ref("units", 0),
        "stock_unit_id": Ref("units", 0),
        "landed_costs_percentage": 0,
        "landed_costs_per_item": 0,
        "stocktake_cycle_period": 0,
    }
    for code, description in (
        ("HARDWARE", "Hardware"),
        ("FURNITURE", "Furniture"),
        ("KITCHEN", "Kitchen"),
    )
)
_PRICE_BANDS: Final = tuple(
    {
        "name": name,
        "description": f"{name} prices",
        "is_standard_band": index == 0,
        "price_band_type_id": 0,
        "price_band_type": "Universal",
        "is_active": True,
        "is_time_based": False,
    }
    for index, name in enumerate(("Standard", "Trade", "Wholesale"))
)
_PEOPLE: Final = ("Megan Hughes", "Imran Patel", "Niamh Kelly", "Rhys Pritchard")
_TRADING_PERIODS: Final = tuple(
    {
        "period_number": str(month),
        "start_date": f"{date(year, month, 1)}T00:00:00Z",
        "end_date": f"{date(year, month, monthrange(year, month)[1])}T00:00:00Z",
    }
    for year in range(2024, 2031)
    for month in range(1, 13)
)
# The months from the first made-up transaction on, for postings of some years to come.
REFERENCE: Final[dict[str, Rows]] = {
    "banks": _BANKS,
    "cost_centres": _named(
        "code name", ("LDS", "Leeds"), ("BRI", "Bristol"), ("HQ", "Head office")
    ),
    "country_codes": _COUNTRIES,
    "couriers": _named(
        "name website is_default",
        ("Parcel Post", "www.parcel.example", True),
        ("Overnight Freight", "www.overnight.example", False),
        ("Own van", "", False),
    ),
    "credit_bureaus": _named(
        "name is_default", ("Northern Credit Reports", True), ("None", False)
    ),
    "credit_positions": _named(
        "name is_default", ("Good", True), ("Watch", False), ("Poor", False)
    ),
    "currencies": _CURRENCIES,
    "currency_iso_codes": _ISO_CURRENCIES,
    "customer_discount_groups": _named(
        "name description", ("A", "Large accounts"), ("B", "Trade"), ("C", "Others")
    ),
    "departments": _named(
        "code name", ("ADM", "Administration"), ("SAL", "Sales"), ("WHS", "Warehouse")
    ),
    "nominal_codes": _NOMINAL_CODES,
    "nominal_report_categories": _CATEGORIES,
    "order_value_discounts": _named(
        "name description", ("None", "No discount"), ("Over 1000", "5% over 1,000")
    ),
    "payment_groups": _named(
        "payment_group_number description", (1, "BACS"), (2, "Cheque"), (3, "Card")
    ),
    "price_bands": _PRICE_BANDS,
    "product_groups": _GROUPS,
    "salutations": _named(
        "code description is_default",
        ("Mr", "Mr", True),
        ("Mrs", "Mrs", False),
        ("Ms", "Ms", False),
        ("Dr", "Dr", False),
    ),
    "sop_payment_methods": _named(
        "name description",
        ("Card", "Card"),
        ("BACS", "Bank transfer"),
        ("Cash", "Cash"),
    ),
    "tax_codes": _TAX_CODES,
    "units": _named(
        "name multiple_of_base_unit each_value",
        ("Each", 1, True),
        ("Box of 10", 10, False),
        ("Pallet", 480, False),
    ),
    "users": tuple({"name": name} for name in _PEOPLE),
    "warehouses": _WAREHOUSES,
    "sales_trading_periods": _TRADING_PERIODS,
    "purchase_trading_periods": _TRADING_PERIODS,
}
"""Rows of a resource, without the fields that are made up."""
PREFERRED: Final[dict[str, Ref]] = {
    "bank_account": Ref("banks", 0),
    "base_unit": Ref("units", 0),
    "country_code": Ref("country_codes", 0),
    "currency": Ref("currencies", 0),
    "default_nominal_code": Ref("nominal_codes", 0),
    "default_tax_code": Ref("tax_codes", 1),
    "nominal_code": Ref("nominal_codes", 0),
    "pricing_unit": Ref("units", 0),
    "selling_unit": Ref("units", 0),
    "stock_unit": Ref("units", 0),
    "tax_code": Ref("tax_codes", 1),
}
"""What most ids refer to, by the end of their names."""
