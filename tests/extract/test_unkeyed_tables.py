"""Related records of a resource without a unique key."""

from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.extract.tables import tables_of
from sage200_async.settings import Settings


def test_related_records_without_a_parent_key_are_json():
    """Without a key there are no tables of related records: the list is a JSON column."""
    query = Sage200Client(
        Settings(site="s", company=1, access_token="a")
    ).customers.expand("contacts")
    keyed = tables_of("customers", query.endpoint, query.options, related="tables")
    assert [table.name for table in keyed] == ["customers", "customers__contacts"]
    keyless = replace(query.endpoint, key=None)
    [table] = tables_of("customers", keyless, query.options, related="tables")
    assert [column.name for column in table.columns if column.kind == "json"] == [
        "contacts"
    ]
