"""How new records are found again: of each resource that takes POST, or not known."""

import pytest

from sage200_async import catalog
from sage200_async.catalog.identities import IDENTITIES
from sage200_async.odata.namespaces import names_of

ENDPOINTS = catalog.Endpoints.endpoints()
KNOWN = {path: identity for path, identity in IDENTITIES.items() if identity}


def test_every_resource_that_creates_has_an_entry() -> None:
    """Of the 83 resources that take POST, each is listed, known or not."""
    creating = {path for path, kind in ENDPOINTS.items() if "create" in kind.verbs}
    assert IDENTITIES.keys() == creating
    assert len(IDENTITIES) == 83
    assert 20 < len(KNOWN) < len(IDENTITIES)


@pytest.mark.parametrize("path", KNOWN)
def test_a_record_can_be_found_by_its_identity(path: str) -> None:
    """The fields are those of the input and of what is listed; a source is named."""
    identity = KNOWN[path]
    found_in = ENDPOINTS[identity.resource]
    assert "list" in found_in.verbs
    for fields in (ENDPOINTS[path].fields, found_in.fields):
        assert fields is not None
        assert set(identity.fields) <= names_of(type(fields)).keys()
    assert identity.source


def test_documents_are_found_by_a_marker() -> None:
    """A posting has no key of its own, but for a marker in the posted transactions."""
    invoice = IDENTITIES["sales_invoices"]
    assert invoice is not None
    assert (invoice.by, invoice.fields) == ("marker", ("second_reference",))
    assert invoice.resource == "sales_posted_transactions"
    customer = IDENTITIES["customers"]
    assert customer is not None
    assert (customer.by, customer.fields) == ("key", ("reference",))
    assert IDENTITIES["sop_orders_duplicate"] is None
