"""Enum values that Sage's API is known to serve, by field and by resource."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sage200_async.sandbox.schema.naming import camel, plural, singular

if TYPE_CHECKING:
    from collections.abc import Container

FIELD_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "account_status_type": ("AccountStatusActive",),
    "exchange_rate_type": ("ExchangeRateSingle",),
    "account_type": ("TradingAccountTypeOpenItem",),
    "payment_terms_basis": (
        "PaymentDueFromDocumentDate",
        "PaymentDueFromCalendarMonth",
        "PaymentDueFromEndOfMonth",
    ),
    "office_type": ("Independent",),
    "document_status": (
        "EnumDocumentStatusLive",
        "EnumDocumentStatusOnHold",
        "EnumDocumentStatusComplete",
        "EnumDocumentStatusDispute",
        "EnumDocumentStatusCancelled",
    ),
    "sop_order_document_status": (
        "EnumDocumentStatusLive",
        "EnumDocumentStatusOnHold",
        "EnumDocumentStatusComplete",
        "EnumDocumentStatusDispute",
        "EnumDocumentStatusCancelled",
    ),
    "despatch_receipt_status": (
        "EnumDocumentProcessStatusNone",
        "EnumDocumentProcessStatusFull",
    ),
    "invoice_credit_status": (
        "EnumDocumentProcessStatusNone",
        "EnumDocumentProcessStatusFull",
    ),
    "cancelled_status": ("EnumDocumentProcessStatusNone",),
    "customer_type": (
        "EnumCustomerTypeCredit",
        "EnumCustomerTypeCash",
        "EnumCustomerTypeProspect",
    ),
    "line_type": ("EnumLineTypeStandard",),
    "sop_order_line_type": ("EnumLineTypeStandard",),
    "allocation_status": ("EnumLineStatusNone", "EnumLineStatusFully"),
    "fulfilment_method": ("EnumFulfilmentFromStock",),
    "fulfilment_method_type": ("EnumFulfilmentFromStock",),
    "fulfilment_sequence_type": ("EnumBinPriority",),
    "back_to_back_status": ("EnumBackToBackStatusPONotReq",),
    "confirmation_intent_type": ("ConfirmOnDespatch",),
    "show_on_picking_list_type": ("Show", "DoNotShow"),
    "product_status_type": ("EnumStockItemStatusTypeActive",),
    "traceable_type": ("EnumTraceableTypeNone",),
    "bom_item_type": ("EnumBOMItemTypeComponent",),
    "label_printing_option_type": ("EnumNotRequired",),
    "auto_generate_option_type": ("EnumDoNotGenerate",),
    "shelf_life_type": ("EnumTimeUnitDay",),
    "landed_costs_type": ("EnumNotApplicable",),
    "bank_transaction_type": (
        "TradingAccountEntryTypeReceipt",
        "TradingAccountEntryTypePayment",
    ),
    "exchange_rate_amendability_type": ("ExchangeAmendabilityAllTransactions",),
    "price_band_type": ("Universal",),
    "trader_transaction_type": (
        "TradingAccountEntryTypeInvoice",
        "TradingAccountEntryTypeCreditNote",
        "TradingAccountEntryTypeReceipt",
        "TradingAccountEntryTypePayment",
    ),
}
"""Values by field. A new record gets the first.

Source: prismatic-io/components, ``sage-200/src/examplePayloads.ts``: responses
captured from Sage's demonstration company. The entry types of a ledger other than
the invoice's are inference.
"""

_DOCUMENT: Final = (
    "EnumDocumentStatusLive",
    "EnumDocumentStatusOnHold",
    "EnumDocumentStatusComplete",
    "EnumDocumentStatusDispute",
    "EnumDocumentStatusCancelled",
    "EnumDocumentStatusDraft",
    "EnumDocumentStatusPrinted",
)
_PROCESS: Final = ("EnumDocumentProcessStatusNone", "EnumDocumentProcessStatusFull")
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "aged_balances_ageing_types": ("TransactionDate", "DueDate", "CalendarMonth"),
    "confirmation_intent_types": ("ConfirmOnDespatch",),
    "costing_method_types": ("EnumCostingMethodTypeFIFO",),
    "fulfilment_method_types": ("EnumFulfilmentFromStock",),
    "head_office_types": ("Independent",),
    "intrastat_terms_of_delivery_types": ("EcTermsNotApplicable",),
    "order_line_item_types": (
        "EnumLineTypeStandard",
        "EnumLineTypeFreeText",
        "EnumLineTypeCharge",
        "EnumLineTypeComment",
    ),
    "pop_document_process_status_types": _PROCESS,
    "pop_document_status_types": _DOCUMENT,
    "pricing_source_types": ("LastBuyingPrice",),
    "pricing_types": ("EnumTradePricingTypeUnitPrice",),
    "product_types": ("EnumStockItemTypeStock",),
    "sop_back_to_back_status_types": ("EnumBackToBackStatusPONotReq",),
    "sop_confirmation_intent_types": ("ConfirmOnDespatch",),
    "sop_customer_types": FIELD_VALUES["customer_type"],
    "sop_document_process_status_types": _PROCESS,
    "sop_document_status_types": _DOCUMENT,
    "sop_invoice_credit_types": ("EnumInvoiceCreditTypeCredit",),
    "sop_show_on_picking_list_types": FIELD_VALUES["show_on_picking_list_type"],
    "sop_trade_line_status_types": FIELD_VALUES["allocation_status"],
    "time_unit_types": ("EnumTimeUnitDay",),
    "trader_account_types": FIELD_VALUES["account_type"],
}
# Values of the ``*_types`` resources, in the order of their numbers. From the
# same responses; ageing types: the OpenAPI documents. The order of the document
# statuses is inferred: Live is 0 and Complete is 2.

_MADE_UP: Final = ("None", "Standard", "Other")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def type_values(resource: str) -> tuple[str, ...]:
    """Return the values of a ``*_types`` resource, made up where none is known.

    Example:
        >>> type_values("account_status_types")
        ('AccountStatusActive',)
        >>> type_values("ledger_types")[1]
        'EnumLedgerTypeStandard'
    """
    field = singular(resource)
    known = _TYPES.get(resource) or FIELD_VALUES.get(field)
    return known or tuple(f"Enum{camel(field)}{word}" for word in _MADE_UP)


def field_values(field: str, resources: Container[str]) -> tuple[str, ...]:
    """Return the values that an enum field may hold."""
    known = FIELD_VALUES.get(field)
    if known is None and plural(field) in resources:
        return type_values(plural(field))
    return known or ("EnumNotApplicable",)


_NUMBERED: Final = {
    "document_status": _DOCUMENT,
    "line_type": _TYPES["order_line_item_types"],
}
# Values in the order of their numbers, by the end of the field's name.


def enum_value(field: str, text: str, resources: Container[str]) -> str:
    """Return the value of an enum that a filter names, by itself or by its number.

    Source:
        Sage 200 API guide, "Query parameters": enums are compared with either, in
        quotes; Live is 0 and Complete is 2. That the numbers of others are those of
        their ``*_types`` rows is inference.

    Example:
        >>> enum_value("document_status", "2", ())
        'EnumDocumentStatusComplete'
        >>> enum_value("customer_type", "EnumCustomerTypeCash", ())
        'EnumCustomerTypeCash'
    """
    if not (text.isascii() and text.isdigit()):
        return text
    ends = (values for end, values in _NUMBERED.items() if field.endswith(end))
    values = next(ends, None) or field_values(field, resources)
    return values[int(text)] if int(text) < len(values) else text


_WHOLE_LISTS: Final = frozenset(
    {
        "customer_type",
        "default_payment_terms_basis",
        "line_type",
        "payment_terms_basis",
        "shelf_life_type",
    }
)
# Fields whose known values are all that there are: Zynk's documentation of the
# payment terms and time units, the OpenAPI documents for the others.
_LITERAL: Final = re.compile(r"[A-Z][A-Za-z0-9]+")


def is_possible(field: str, value: str, known: tuple[str, ...]) -> bool:
    """Whether a body may set an enum field to *value*.

    Of most enums not all values are known, so that one that is written like a value
    of Sage's is taken: inference.

    Args:
        field: Its name.
        value: What the body says.
        known: Its known values.

    Example:
        >>> is_possible("line_type", "EnumLineTypeOther", ("EnumLineTypeStandard",))
        False
        >>> is_possible("account_type", "TradingAccountTypeOther", ())
        True
        >>> is_possible("account_type", "no such value", ())
        False
    """
    if field in _WHOLE_LISTS and known:
        return value in known
    return value in {"", *known} or _LITERAL.fullmatch(value) is not None


def description_of(value: str) -> str:
    """Return the description that Sage gives for an enum value.

    Example:
        >>> description_of("EnumTimeUnitDay"), description_of("LastBuyingPrice")
        ('Time Unit Day', 'Last Buying Price')
    """
    return _HUMP.sub(" ", value.removeprefix("Enum"))
