"""Records as dicts."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from sage200_async.catalog import Customer, CustomerContact, Endpoints, SopOrder
from sage200_async.query.records import Record


def test_a_record_as_a_dict():
    """A dict has the fields that are set, with their values as they are."""
    updated = datetime(2024, 7, 1, tzinfo=UTC)
    customer = Customer(
        id=5,
        balance=Decimal("0.00"),
        on_hold=False,
        name="",
        date_time_updated=updated,
        contacts=[CustomerContact(id=6, emails=[]), CustomerContact(id=7)],
    )
    assert customer.to_dict() == {
        "id": 5,
        "balance": Decimal("0.00"),
        "on_hold": False,
        "name": "",
        "date_time_updated": updated,
        "contacts": [{"id": 6, "emails": []}, {"id": 7}],
    }
    assert SopOrder(customer=Customer(id=5)).to_dict() == {"customer": {"id": 5}}
    assert Customer().to_dict() == {}


def test_a_dict_is_the_record():
    """A record can be made of its dict again, by the names of the service."""
    customer = Customer(id=5, contacts=[CustomerContact(id=6)])
    assert msgspec.convert(customer.to_dict(), Customer) == customer
    for endpoint in Endpoints.endpoints().values():
        model = endpoint.record
        if model is not None:
            assert issubclass(model, Record)
            assert model.__struct_fields__ == model.__struct_encode_fields__
