"""Records of the sales documents: declarations only."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypedDict

from sage200_async.catalog.models.price_book import (
    CustomerPriceBand,
    CustomerPriceBandFields,
)
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


class CustomerCreditMemoNoteFields(Fields):
    """Fields of `CustomerCreditMemoNote`."""

    id: IntegerField
    note: TextField
    created_by: TextField
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerCreditMemoNote(Record, frozen=True):
    """Sage's `customer`, member `credit_memo_note`."""

    fields: ClassVar[CustomerCreditMemoNoteFields] = CustomerCreditMemoNoteFields()

    id: int | None = None
    """Whole number, read-only."""
    note: str | None = None
    """Text, 1000 at most."""
    created_by: str | None = None
    """Text, 50 at most, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerCreditMemoNoteInput(TypedDict, total=False):
    """A row of `CustomerCreditMemoNote` to write: with its id to change it, without to add it."""

    id: int
    note: str


class CustomerMainAddressFields(Fields):
    """Fields of `CustomerMainAddress`."""

    id: IntegerField
    customer_id: IntegerField
    address_1: TextField
    address_2: TextField
    address_3: TextField
    address_4: TextField
    city: TextField
    county: TextField
    postcode: TextField
    country: TextField
    contact_name: TextField
    address_country_code_id: IntegerField
    address_country_code: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerMainAddress(Record, frozen=True):
    """Sage's `customer`, member `main_address`."""

    fields: ClassVar[CustomerMainAddressFields] = CustomerMainAddressFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number, read-only."""
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
    postcode: str | None = None
    """Text, 10 at most."""
    country: str | None = None
    """Text, 60 at most, read-only."""
    contact_name: str | None = None
    """Text, 235 at most, read-only."""
    address_country_code_id: int | None = None
    """Whole number."""
    address_country_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerMainAddressInput(TypedDict, total=False):
    """A row of `CustomerMainAddress` to write: with its id to change it, without to add it."""

    id: int
    address_1: str
    address_2: str
    address_3: str
    address_4: str
    city: str
    county: str
    postcode: str
    address_country_code_id: int


class CustomerStatusFields(Fields):
    """Fields of `CustomerStatus`."""

    is_live: BooleanField
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerStatus(Record, frozen=True):
    """Sage's `customer`, member `status`."""

    fields: ClassVar[CustomerStatusFields] = CustomerStatusFields()

    is_live: bool | None = None
    """True or false, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerAlertFields(Fields):
    """Fields of `CustomerAlert`."""

    id: IntegerField
    customer_id: IntegerField
    alert_text: TextField
    is_active: BooleanField
    show_alert_for_orders: BooleanField
    show_alert_for_proformas: BooleanField
    show_alert_for_quotes: BooleanField
    show_alert_for_credit_notes: BooleanField
    show_alert_for_price_enquiries: BooleanField
    show_alert_for_invoices: BooleanField
    show_alert_for_returns: BooleanField
    show_alert_for_project_bills: BooleanField
    is_to_delete: BooleanField
    updated_by: TextField
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerAlert(Record, frozen=True):
    """Sage's `customer_alert`."""

    fields: ClassVar[CustomerAlertFields] = CustomerAlertFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number."""
    alert_text: str | None = None
    """Text, 255 at most."""
    is_active: bool | None = None
    """True or false."""
    show_alert_for_orders: bool | None = None
    """True or false."""
    show_alert_for_proformas: bool | None = None
    """True or false."""
    show_alert_for_quotes: bool | None = None
    """True or false."""
    show_alert_for_credit_notes: bool | None = None
    """True or false."""
    show_alert_for_price_enquiries: bool | None = None
    """True or false."""
    show_alert_for_invoices: bool | None = None
    """True or false."""
    show_alert_for_returns: bool | None = None
    """True or false."""
    show_alert_for_project_bills: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    updated_by: str | None = None
    """Text, 30 at most, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerAlertInput(TypedDict, total=False):
    """A row of `CustomerAlert` to write: with its id to change it, without to add it."""

    id: int
    customer_id: int
    alert_text: str
    is_active: bool
    show_alert_for_orders: bool
    show_alert_for_proformas: bool
    show_alert_for_quotes: bool
    show_alert_for_credit_notes: bool
    show_alert_for_price_enquiries: bool
    show_alert_for_invoices: bool
    show_alert_for_returns: bool
    show_alert_for_project_bills: bool
    is_to_delete: bool


class CustomerCardFields(Fields):
    """Fields of `CustomerCard`."""

    id: IntegerField
    customer_id: IntegerField
    description: TextField
    last_used_date: MomentField
    is_to_delete: BooleanField


class CustomerCard(Record, frozen=True):
    """Sage's `customer_card`."""

    fields: ClassVar[CustomerCardFields] = CustomerCardFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number, read-only."""
    description: str | None = None
    """Text, 50 at most."""
    last_used_date: datetime | None = None
    """Time, UTC, read-only."""
    is_to_delete: bool | None = None
    """True or false."""


class CustomerCardInput(TypedDict, total=False):
    """A row of `CustomerCard` to write: with its id to change it, without to add it."""

    id: int
    description: str
    is_to_delete: bool


class CustomerEmailFields(Fields):
    """Fields of `CustomerEmail`."""

    id: IntegerField
    email: TextField
    customer_contact_id: IntegerField
    is_default: BooleanField
    is_to_delete: BooleanField
    customer_contact: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerEmail(Record, frozen=True):
    """Sage's `customer_email`."""

    fields: ClassVar[CustomerEmailFields] = CustomerEmailFields()

    id: int | None = None
    """Whole number, read-only."""
    email: str | None = None
    """Text, 227 at most."""
    customer_contact_id: int | None = None
    """Whole number, read-only."""
    is_default: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    customer_contact: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerEmailInput(TypedDict, total=False):
    """A row of `CustomerEmail` to write: with its id to change it, without to add it."""

    id: int
    email: str
    is_default: bool
    is_to_delete: bool


class CustomerTelephoneFields(Fields):
    """Fields of `CustomerTelephone`."""

    id: IntegerField
    full_number: TextField
    country_code: TextField
    area_code: TextField
    subscriber_number: TextField
    customer_contact_id: IntegerField
    is_default: BooleanField
    is_to_delete: BooleanField
    customer_contact: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerTelephone(Record, frozen=True):
    """Sage's `customer_telephone`."""

    fields: ClassVar[CustomerTelephoneFields] = CustomerTelephoneFields()

    id: int | None = None
    """Whole number, read-only."""
    full_number: str | None = None
    """Text, 227 at most, read-only."""
    country_code: str | None = None
    """Text, 5 at most."""
    area_code: str | None = None
    """Text, 20 at most."""
    subscriber_number: str | None = None
    """Text, 200 at most."""
    customer_contact_id: int | None = None
    """Whole number, read-only."""
    is_default: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    customer_contact: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerTelephoneInput(TypedDict, total=False):
    """A row of `CustomerTelephone` to write: with its id to change it, without to add it."""

    id: int
    country_code: str
    area_code: str
    subscriber_number: str
    is_default: bool
    is_to_delete: bool


class CustomerMobileFields(Fields):
    """Fields of `CustomerMobile`."""

    id: IntegerField
    full_number: TextField
    country_code: TextField
    area_code: TextField
    subscriber_number: TextField
    customer_contact_id: IntegerField
    is_default: BooleanField
    is_to_delete: BooleanField
    customer_contact: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerMobile(Record, frozen=True):
    """Sage's `customer_mobile`."""

    fields: ClassVar[CustomerMobileFields] = CustomerMobileFields()

    id: int | None = None
    """Whole number, read-only."""
    full_number: str | None = None
    """Text, 227 at most, read-only."""
    country_code: str | None = None
    """Text, 5 at most."""
    area_code: str | None = None
    """Text, 20 at most."""
    subscriber_number: str | None = None
    """Text, 200 at most."""
    customer_contact_id: int | None = None
    """Whole number, read-only."""
    is_default: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    customer_contact: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerMobileInput(TypedDict, total=False):
    """A row of `CustomerMobile` to write: with its id to change it, without to add it."""

    id: int
    country_code: str
    area_code: str
    subscriber_number: str
    is_default: bool
    is_to_delete: bool


class CustomerFaxFields(Fields):
    """Fields of `CustomerFax`."""

    id: IntegerField
    full_number: TextField
    country_code: TextField
    area_code: TextField
    subscriber_number: TextField
    customer_contact_id: IntegerField
    is_default: BooleanField
    is_to_delete: BooleanField
    customer_contact: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerFax(Record, frozen=True):
    """Sage's `customer_fax`."""

    fields: ClassVar[CustomerFaxFields] = CustomerFaxFields()

    id: int | None = None
    """Whole number, read-only."""
    full_number: str | None = None
    """Text, 227 at most, read-only."""
    country_code: str | None = None
    """Text, 5 at most."""
    area_code: str | None = None
    """Text, 20 at most."""
    subscriber_number: str | None = None
    """Text, 200 at most."""
    customer_contact_id: int | None = None
    """Whole number, read-only."""
    is_default: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    customer_contact: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerFaxInput(TypedDict, total=False):
    """A row of `CustomerFax` to write: with its id to change it, without to add it."""

    id: int
    country_code: str
    area_code: str
    subscriber_number: str
    is_default: bool
    is_to_delete: bool


class CustomerWebsiteFields(Fields):
    """Fields of `CustomerWebsite`."""

    id: IntegerField
    website: TextField
    customer_contact_id: IntegerField
    is_default: BooleanField
    is_to_delete: BooleanField
    customer_contact: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerWebsite(Record, frozen=True):
    """Sage's `customer_website`."""

    fields: ClassVar[CustomerWebsiteFields] = CustomerWebsiteFields()

    id: int | None = None
    """Whole number, read-only."""
    website: str | None = None
    """Text, 227 at most."""
    customer_contact_id: int | None = None
    """Whole number, read-only."""
    is_default: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    customer_contact: dict[str, Any] | None = None
    """Member, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerWebsiteInput(TypedDict, total=False):
    """A row of `CustomerWebsite` to write: with its id to change it, without to add it."""

    id: int
    website: str
    is_default: bool
    is_to_delete: bool


class CustomerContactRoleFields(Fields):
    """Fields of `CustomerContactRole`."""

    id: IntegerField
    customer_contact_id: IntegerField
    trader_contact_role_id: IntegerField
    is_preferred_contact_for_role: BooleanField
    is_to_delete: BooleanField
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerContactRole(Record, frozen=True):
    """Sage's `customer_contact_role`."""

    fields: ClassVar[CustomerContactRoleFields] = CustomerContactRoleFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_contact_id: int | None = None
    """Whole number, read-only."""
    trader_contact_role_id: int | None = None
    """Whole number, read-only."""
    is_preferred_contact_for_role: bool | None = None
    """True or false, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerContactRoleInput(TypedDict, total=False):
    """A row of `CustomerContactRole` to write: with its id to change it, without to add it."""

    id: int
    is_to_delete: bool


class CustomerContactFields(Fields):
    """Fields of `CustomerContact`."""

    id: IntegerField
    customer_id: IntegerField
    salutation_id: IntegerField
    name: TextField
    first_name: TextField
    middle_name: TextField
    last_name: TextField
    default_telephone: TextField
    default_email: TextField
    is_default: BooleanField
    is_to_delete: BooleanField
    salutation: OpaqueFields
    emails: CustomerEmailFields
    telephones: CustomerTelephoneFields
    mobiles: CustomerMobileFields
    faxes: CustomerFaxFields
    websites: CustomerWebsiteFields
    roles: CustomerContactRoleFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerContact(Record, frozen=True):
    """Sage's `customer_contact`."""

    fields: ClassVar[CustomerContactFields] = CustomerContactFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number, read-only."""
    salutation_id: int | None = None
    """Whole number."""
    name: str | None = None
    """Text, 180 at most, read-only."""
    first_name: str | None = None
    """Text, 60 at most."""
    middle_name: str | None = None
    """Text, 60 at most."""
    last_name: str | None = None
    """Text, 60 at most."""
    default_telephone: str | None = None
    """Text, 227 at most, read-only."""
    default_email: str | None = None
    """Text, 227 at most, read-only."""
    is_default: bool | None = None
    """True or false, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    salutation: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    emails: list[CustomerEmail] | None = None
    """Member, many, when expanded."""
    telephones: list[CustomerTelephone] | None = None
    """Member, many, when expanded."""
    mobiles: list[CustomerMobile] | None = None
    """Member, many, when expanded."""
    faxes: list[CustomerFax] | None = None
    """Member, many, when expanded."""
    websites: list[CustomerWebsite] | None = None
    """Member, many, when expanded."""
    roles: list[CustomerContactRole] | None = None
    """Member, many, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerContactInput(TypedDict, total=False):
    """A row of `CustomerContact` to write: with its id to change it, without to add it."""

    id: int
    salutation_id: int
    name: str
    is_default: bool
    first_name: str
    middle_name: str
    last_name: str
    is_to_delete: bool
    emails: list[CustomerEmailInput]
    telephones: list[CustomerTelephoneInput]
    mobiles: list[CustomerMobileInput]
    faxes: list[CustomerFaxInput]
    websites: list[CustomerWebsiteInput]
    roles: list[CustomerContactRoleInput]


class CustomerMemoFields(Fields):
    """Fields of `CustomerMemo`."""

    id: IntegerField
    customer_id: IntegerField
    note: TextField
    is_active: BooleanField
    is_to_delete: BooleanField
    created_by: TextField
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerMemo(Record, frozen=True):
    """Sage's `customer_memo`."""

    fields: ClassVar[CustomerMemoFields] = CustomerMemoFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number."""
    note: str | None = None
    """Text, 1000 at most."""
    is_active: bool | None = None
    """True or false."""
    is_to_delete: bool | None = None
    """True or false."""
    created_by: str | None = None
    """Text, 20 at most, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class CustomerMemoInput(TypedDict, total=False):
    """A row of `CustomerMemo` to write: with its id to change it, without to add it."""

    id: int
    customer_id: int
    note: str
    is_active: bool
    is_to_delete: bool


class CustomerFields(Fields):
    """Fields of `Customer`."""

    id: IntegerField
    reference: TextField
    name: TextField
    short_name: TextField
    balance: NumberField
    on_hold: BooleanField
    status_reason: TextField
    account_status_type: EnumField
    currency_id: IntegerField
    exchange_rate_type: EnumField
    telephone_country_code: TextField
    telephone_area_code: TextField
    telephone_subscriber_number: TextField
    fax_country_code: TextField
    fax_area_code: TextField
    fax_subscriber_number: TextField
    website: TextField
    credit_limit: NumberField
    country_code_id: IntegerField
    default_tax_code_id: IntegerField
    vat_number: TextField
    duns_code: TextField
    account_type: EnumField
    early_settlement_discount_percent: NumberField
    early_settlement_discount_days: IntegerField
    payment_terms_days: IntegerField
    payment_terms_basis: EnumField
    average_time_to_pay: IntegerField
    terms_agreed: BooleanField
    value_of_current_orders_in_sop: NumberField
    credit_bureau_id: IntegerField
    credit_position_id: IntegerField
    finance_charge_id: IntegerField
    trading_terms: TextField
    credit_reference: TextField
    account_opened: MomentField
    last_credit_review: MomentField
    next_credit_review: MomentField
    application_date: MomentField
    date_received: MomentField
    date_finance_charge_last_run: MomentField
    office_type: EnumField
    associated_head_office_id: IntegerField
    produce_statements_for_customer: BooleanField
    is_head_office_with_branches: BooleanField
    use_consolidated_billing: BooleanField
    order_priority: TextField
    use_tax_code_as_default: BooleanField
    months_to_keep_transactions: IntegerField
    default_nominal_code_id: IntegerField
    default_nominal_code_reference: TextField
    default_nominal_code_cost_centre: TextField
    default_nominal_code_department: TextField
    invoice_discount_percent: NumberField
    invoice_line_discount_percent: NumberField
    customer_discount_group_id: IntegerField
    order_value_discount_id: IntegerField
    price_band_id: IntegerField
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
    associated_head_office: CustomerFields
    country_code: OpaqueFields
    credit_bureau: OpaqueFields
    credit_memo_note: CustomerCreditMemoNoteFields
    credit_position: OpaqueFields
    currency: OpaqueFields
    customer_discount_group: OpaqueFields
    default_nominal_code: OpaqueFields
    default_tax_code: OpaqueFields
    finance_charge: OpaqueFields
    main_address: CustomerMainAddressFields
    order_value_discount: OpaqueFields
    price_band: OpaqueFields
    sales_credit_note_layout: OpaqueFields
    sales_invoice_layout: OpaqueFields
    statement_layout: OpaqueFields
    status: CustomerStatusFields
    alerts: CustomerAlertFields
    cards: CustomerCardFields
    contacts: CustomerContactFields
    limited_price_bands: CustomerPriceBandFields
    memos: CustomerMemoFields
    date_time_created: MomentField
    date_time_updated: MomentField


class Customer(Record, frozen=True):
    """Sage's `customer`."""

    fields: ClassVar[CustomerFields] = CustomerFields()

    id: int | None = None
    """Whole number, read-only."""
    reference: str | None = None
    """Text, 8 at most."""
    name: str | None = None
    """Text, 60 at most."""
    short_name: str | None = None
    """Text, 8 at most."""
    balance: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    on_hold: bool | None = None
    """True or false."""
    status_reason: str | None = None
    """Text, 256 at most."""
    account_status_type: str | None = None
    """Enum."""
    currency_id: int | None = None
    """Whole number."""
    exchange_rate_type: str | None = None
    """Enum."""
    telephone_country_code: str | None = None
    """Text, 5 at most."""
    telephone_area_code: str | None = None
    """Text, 20 at most."""
    telephone_subscriber_number: str | None = None
    """Text, 200 at most."""
    fax_country_code: str | None = None
    """Text, 5 at most."""
    fax_area_code: str | None = None
    """Text, 20 at most."""
    fax_subscriber_number: str | None = None
    """Text, 200 at most."""
    website: str | None = None
    """Text, 200 at most."""
    credit_limit: Decimal | None = None
    """Number, 2 decimal places."""
    country_code_id: int | None = None
    """Whole number."""
    default_tax_code_id: int | None = None
    """Whole number."""
    vat_number: str | None = None
    """Text, 30 at most."""
    duns_code: str | None = None
    """Text, 9 at most."""
    account_type: str | None = None
    """Enum."""
    early_settlement_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    early_settlement_discount_days: int | None = None
    """Whole number."""
    payment_terms_days: int | None = None
    """Whole number."""
    payment_terms_basis: str | None = None
    """Enum."""
    average_time_to_pay: int | None = None
    """Whole number, read-only."""
    terms_agreed: bool | None = None
    """True or false."""
    value_of_current_orders_in_sop: Decimal | None = None
    """Number, 2 decimal places, read-only."""
    credit_bureau_id: int | None = None
    """Whole number."""
    credit_position_id: int | None = None
    """Whole number."""
    finance_charge_id: int | None = None
    """Whole number, Professional only."""
    trading_terms: str | None = None
    """Text, 30 at most."""
    credit_reference: str | None = None
    """Text, 60 at most."""
    account_opened: datetime | None = None
    """Time, UTC."""
    last_credit_review: datetime | None = None
    """Time, UTC."""
    next_credit_review: datetime | None = None
    """Time, UTC."""
    application_date: datetime | None = None
    """Time, UTC."""
    date_received: datetime | None = None
    """Time, UTC."""
    date_finance_charge_last_run: datetime | None = None
    """Time, UTC, read-only."""
    office_type: str | None = None
    """Enum, Professional only."""
    associated_head_office_id: int | None = None
    """Whole number, Professional only."""
    produce_statements_for_customer: bool | None = None
    """True or false, Professional only."""
    is_head_office_with_branches: bool | None = None
    """True or false, Professional only."""
    use_consolidated_billing: bool | None = None
    """True or false, Professional only."""
    order_priority: str | None = None
    """Text, 1 at most."""
    use_tax_code_as_default: bool | None = None
    """True or false."""
    months_to_keep_transactions: int | None = None
    """Whole number."""
    default_nominal_code_id: int | None = None
    """Whole number, read-only."""
    default_nominal_code_reference: str | None = None
    """Text, 8 at most."""
    default_nominal_code_cost_centre: str | None = None
    """Text, 3 at most."""
    default_nominal_code_department: str | None = None
    """Text, 3 at most."""
    invoice_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    invoice_line_discount_percent: Decimal | None = None
    """Number, 2 decimal places."""
    customer_discount_group_id: int | None = None
    """Whole number."""
    order_value_discount_id: int | None = None
    """Whole number."""
    price_band_id: int | None = None
    """Whole number."""
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
    associated_head_office: Customer | None = None
    """Member, when expanded, read-only, Professional only."""
    country_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    credit_bureau: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    credit_memo_note: CustomerCreditMemoNote | None = None
    """Member, when expanded."""
    credit_position: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    currency: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    customer_discount_group: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    default_nominal_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    default_tax_code: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    finance_charge: dict[str, Any] | None = None
    """Member, when expanded, read-only, Professional only."""
    main_address: CustomerMainAddress | None = None
    """Member, when expanded."""
    order_value_discount: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    price_band: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    sales_credit_note_layout: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    sales_invoice_layout: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    statement_layout: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    status: CustomerStatus | None = None
    """Member, when expanded, read-only."""
    alerts: list[CustomerAlert] | None = None
    """Member, many, when expanded."""
    cards: list[CustomerCard] | None = None
    """Member, many, when expanded."""
    contacts: list[CustomerContact] | None = None
    """Member, many, when expanded."""
    limited_price_bands: list[CustomerPriceBand] | None = None
    """Member, many, when expanded, read-only."""
    memos: list[CustomerMemo] | None = None
    """Member, many, when expanded."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""


class _CustomerOptional(TypedDict, total=False):
    short_name: str
    on_hold: bool
    status_reason: str
    account_status_type: str
    currency_id: int
    exchange_rate_type: str
    telephone_country_code: str
    telephone_area_code: str
    telephone_subscriber_number: str
    fax_country_code: str
    fax_area_code: str
    fax_subscriber_number: str
    website: str
    credit_limit: Decimal | float
    country_code_id: int
    default_tax_code_id: int
    vat_number: str
    duns_code: str
    account_type: str
    early_settlement_discount_percent: Decimal | float
    early_settlement_discount_days: int
    payment_terms_days: int
    payment_terms_basis: str
    terms_agreed: bool
    credit_bureau_id: int
    credit_position_id: int
    finance_charge_id: int
    trading_terms: str
    credit_reference: str
    account_opened: datetime | date
    last_credit_review: datetime | date
    next_credit_review: datetime | date
    application_date: datetime | date
    date_received: datetime | date
    office_type: str
    associated_head_office_id: int
    produce_statements_for_customer: bool
    is_head_office_with_branches: bool
    use_consolidated_billing: bool
    order_priority: str
    use_tax_code_as_default: bool
    months_to_keep_transactions: int
    default_nominal_code_reference: str
    default_nominal_code_cost_centre: str
    default_nominal_code_department: str
    invoice_discount_percent: Decimal | float
    invoice_line_discount_percent: Decimal | float
    customer_discount_group_id: int
    order_value_discount_id: int
    price_band_id: int
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
    credit_memo_note: CustomerCreditMemoNoteInput
    main_address: CustomerMainAddressInput
    alerts: list[CustomerAlertInput]
    cards: list[CustomerCardInput]
    contacts: list[CustomerContactInput]
    memos: list[CustomerMemoInput]


class CustomerInput(_CustomerOptional):
    """What `create` takes; the fields named here are required."""

    name: str
    reference: str


class CustomerChanges(_CustomerOptional, total=False):
    """What `update` takes: only the fields to change."""

    name: str
    reference: str
