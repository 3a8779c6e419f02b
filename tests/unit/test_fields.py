"""Typed names: what exists, what each kind takes, how deep they reach."""

import copy
from decimal import Decimal

import pytest

from sage200_async import field
from sage200_async.catalog import Customer, Product, SopOrder
from sage200_async.errors import InvalidValue, QueryError, UnknownFieldError
from sage200_async.odata.fields import Ordering
from sage200_async.odata.namespaces import names_of

c = Customer.fields


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (c.name == "A&B", "name eq 'A&B'"),
        (c.name >= "M", "name ge 'M'"),
        (c.name.contains(""), "contains(name,'')"),
        (c.id <= 5, "id le 5"),
        (c.balance < Decimal("0.10"), "balance lt 0.10"),
        (c.balance == 10, "balance eq 10"),
        (c.on_hold != True, "on_hold ne true"),  # noqa: E712 - builds a condition
        (c.account_type == 1, "account_type eq '1'"),
        (c.account_type.in_(["A", 2]), "account_type eq 'A' or account_type eq '2'"),
        (c.account_opened == None, "account_opened eq null"),  # noqa: E711 - the same
    ],
)
def test_conditions(condition, written):
    """A literal is written by the field's type."""
    assert str(condition) == written


@pytest.mark.parametrize(
    "make",
    [
        lambda: c.name == 5,
        lambda: c.name == c.reference,
        lambda: c.name.contains(None),
        lambda: c.name.startswith(5),
        lambda: c.id == "5",
        lambda: c.id == True,  # noqa: E712 - builds a condition
        lambda: c.id.in_([1, "2"]),
        lambda: c.balance > "1000",
        lambda: c.on_hold == 1,
        lambda: c.account_opened > "2020-01-01",
    ],
)
def test_wrong_type(make):
    """A value of another type is refused, with the field's name."""
    with pytest.raises(InvalidValue, match=r"^(name|id|balance|on_hold|account_op)"):
        make()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: c.on_hold > True, TypeError),
        (lambda: c.account_type < 2, TypeError),
        (lambda: c.balance.contains("1"), AttributeError),
        (lambda: c.id.startswith("1"), AttributeError),
    ],
)
def test_wrong_operator(make, error):
    """An operator that the field's type lacks makes no condition."""
    with pytest.raises(error):
        make()


@pytest.mark.parametrize(
    ("fields", "name", "nearest"),
    [
        (c, "balence", "balance"),
        (c, "onhold", "on_hold"),
        (Product.fields, "cod", "code"),
        (c, "zzzzzz", None),
    ],
)
def test_unknown_name(fields, name, nearest):
    """A name that the record lacks raises with the nearest one."""
    with pytest.raises(UnknownFieldError) as caught:
        getattr(fields, name)
    assert (caught.value.name, caught.value.nearest) == (name, nearest)
    assert repr(name) in str(caught.value)
    assert not nearest or nearest in str(caught.value)


def test_in_takes_mixed_numbers():
    """Whole numbers and others are one kind, also for a field of unknown type."""
    mixed = field("balance").in_([Decimal("1.5"), 1, 2.5])
    assert str(mixed) == "balance eq 1.5 or balance eq 1 or balance eq 2.5"
    assert mixed == Customer.fields.balance.in_([Decimal("1.5"), 1, 2.5])
    with pytest.raises(QueryError, match="integer and text"):
        field("balance").in_([1, "a"])


def test_unknown_is_an_attribute_error():
    """`hasattr` and `getattr` with a default work on names as elsewhere."""
    assert hasattr(c, "balance")
    assert not hasattr(c, "balence")
    assert getattr(c, "balence", 0) == 0


def test_every_name():
    """Every name of a record has a field or related records of that name."""
    for record in (Customer, Product, SopOrder):
        names = names_of(type(record.fields))
        assert dir(record.fields) == sorted(names)
        for name, kind in names.items():
            field_ = getattr(record.fields, name)
            assert (type(field_), str(field_)) == (kind, name)


def test_names_and_record_agree():
    """A record and its namespace have the same names."""
    for record in (Customer, Product, SopOrder):
        assert set(record.__struct_fields__) == set(names_of(type(record.fields)))


def test_related_records_reach_in():
    """A field of related records is named by its path."""
    assert str(c.contacts.name) == "contacts.name"
    assert repr(c.contacts.name) == "TextField('contacts.name')"
    with pytest.raises(UnknownFieldError, match="CustomerContact"):
        _ = c.contacts.nmae


def test_no_condition_on_related_records():
    """A dotted condition is refused: Sage documents none; `raw` is named."""
    with pytest.raises(QueryError, match=r"contacts\.name: Sage documents no .*raw"):
        _ = c.contacts.name == "x"
    with pytest.raises(QueryError, match="raw"):
        c.contacts.name.contains("x")
    with pytest.raises(QueryError, match="raw"):
        c.contacts.name.in_(["x"])
    with pytest.raises(QueryError, match="raw"):
        field("contacts.name").in_(["x"])


def test_order():
    """A field gives the two orders by itself."""
    assert c.balance.desc() == Ordering("balance", descending=True)
    assert [str(c.balance.asc()), str(c.balance.desc())] == ["balance", "balance desc"]


def test_fields_are_hashable():
    """Fields can be kept in sets, and differ by name and kind."""
    assert hash(c.name) == hash(c.name)
    assert hash(c.name) != hash(field("name"))
    assert len({c.name, c.reference}) == 2


def test_untyped():
    """A field of unknown type takes its literal from the value."""
    written = [field("x") == value for value in ("a", 1, True, Decimal("1.0"), None)]
    assert list(map(str, written)) == [
        "x eq 'a'",
        "x eq 1",
        "x eq true",
        "x eq 1.0",
        "x eq null",
    ]


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "1 eq 1 or name", "a'", "a,b", "a(b)", "a.", ".a", "1a", "a/b"],
)
def test_names_only(name):
    """What is no name is refused: only `raw` passes text through."""
    with pytest.raises(
        QueryError, match=r"expected the name of a field.*use (raw|separate)"
    ):
        field(name)


def test_copies():
    """A namespace can be copied, and its copy used."""
    assert str(copy.deepcopy(c).balance) == "balance"
