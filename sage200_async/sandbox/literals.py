"""Enum literals that Sage's API is known to serve, by field."""

from __future__ import annotations

from typing import Final

ENUMS: Final[dict[str, tuple[str, ...]]] = {
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
}
"""The first of each is what a new record gets.

Source: prismatic-io/components, ``sage-200/src/examplePayloads.ts``: replies
captured from Sage's demonstration company.
"""
