"""Reading into types of one's own: what is asked for, what comes, what is refused."""

import asyncio
import collections
import dataclasses
import enum
import json
import pickle
import uuid
from dataclasses import KW_ONLY, InitVar, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer, CustomerContact, Endpoints, SopOrder
from sage200_async.errors import (
    DecodeError,
    PagingError,
    QueryError,
    UnknownFieldError,
)
from sage200_async.extract import Extraction
from sage200_async.query.resources import untyped_endpoint
from sage200_async.transport.memory import MemoryTransport, reply

T = TypeVar("T")
CustomerId = NewType("CustomerId", int)
SETTINGS = Settings(site="s", company=1, trust_short_pages=True)
OF_TIMES = datetime(2024, 7, 1, 8, tzinfo=UTC)


class Account(enum.Enum):
    ACTIVE = "AccountStatusActive"
    HIDDEN = "AccountStatusHidden"


class Status(enum.IntEnum):
    LIVE = 0
    HELD = 1


class AsStruct(Struct):
    id: int
    reference: str
    balance: Decimal | None


@dataclass
class AsDataclass:
    id: int
    reference: str
    balance: Decimal | None


class AsDict(TypedDict):
    id: int
    reference: str
    balance: Decimal | None


class AsTuple(NamedTuple):
    id: int
    reference: str
    balance: Decimal | None


KINDS = [AsStruct, AsDataclass, AsDict, AsTuple]


def read(model, *rows, query=Endpoints.customers.query, quarantine=None):
    """Read records that a server in memory sends, as JSON values or as bytes."""
    texts = [
        row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows
    ]
    body = b"[" + b",".join(texts) + b"]"

    async def main():
        transport = MemoryTransport(lambda _: reply(msgspec.Raw(body)))
        client = Sage200Client(SETTINGS, transport=transport, quarantine=quarantine)
        return [record async for record in client.run(query).into(model)]

    return asyncio.run(main())


def fields(**annotations):
    """Return a struct with these fields."""
    return msgspec.defstruct("Own", list(annotations.items()))


def url(model, query=Endpoints.customers.query):
    return query.into(model).url.partition("?")[2]


@pytest.mark.parametrize("model", KINDS)
def test_four_kinds_of_types(model):
    """A struct, a dataclass, a TypedDict and a NamedTuple come as themselves."""
    rows = {"id": 1, "reference": "A", "balance": 1.5}, {"id": 2, "reference": "B"}
    records = read(model, *rows)
    assert records == [
        model(id=1, reference="A", balance=Decimal("1.5")),
        model(id=2, reference="B", balance=None),
    ]
    assert {type(record) for record in records} == {dict if model is AsDict else model}
    asked = "$select=id,reference,balance&$orderby=id&$top=5000"
    assert url(model) == asked


@pytest.mark.parametrize("model", KINDS)
def test_nothing_else_is_in_the_record(model):
    """What a server sends besides the fields is dropped."""
    [record] = read(model, {"id": 1, "reference": "A", "name": "B", "contacts": []})
    assert record == model(id=1, reference="A", balance=None)


@pytest.mark.parametrize(
    "model",
    [
        msgspec.defstruct("S", [("name", str)]),
        dataclasses.make_dataclass("D", [("name", str)]),
        TypedDict("TD", {"name": str}),
        NamedTuple("N", [("name", str)]),
    ],
)
def test_the_key_is_asked_for_where_the_type_lacks_it(model):
    """Pages are checked by the key; the objects are without it all the same."""
    assert read(model, {"id": 1, "name": "A"}) == [model(name="A")]
    assert url(model) == "$select=name,id&$orderby=id&$top=5000"


def test_a_struct_may_rename():
    """What is asked for has the service's names, what comes the struct's own."""

    class Renamed(Struct, rename={"owed": "balance", "key": "id"}):
        owed: Decimal
        key: CustomerId

    assert read(Renamed, {"id": 5, "balance": "1.50"}) == [Renamed(Decimal("1.50"), 5)]
    assert url(Renamed) == "$select=balance,id&$orderby=id&$top=5000"


def test_keyword_only_frozen_tagged_and_strange_structs():
    """A struct is made by its constructor, whatever else it is."""

    class Odd(Struct, kw_only=True, frozen=True, tag=True, array_like=True):
        id: int
        name: str = "none"

    class Inherited(Odd, frozen=True):
        on_hold: bool

    assert read(Odd, {"id": 5}) == [Odd(id=5)]
    rows = read(Inherited, {"id": 5, "on_hold": True})
    assert rows == [Inherited(True, id=5)]
    assert hash(rows[0]) == hash(Inherited(True, id=5))


def test_unknown_fields_are_forbidden_where_the_struct_forbids_them():
    """A struct that forbids unknown fields is held to it, the key apart."""

    class Strict(Struct, forbid_unknown_fields=True):
        name: str

    assert read(Strict, {"id": 5, "name": "A"}) == [Strict("A")]
    with pytest.raises(DecodeError, match=r"Strict at \$\[0\]: .*unknown field `vat"):
        read(Strict, {"id": 5, "name": "A", "vat_number": "1"})


def test_dataclasses_of_all_sorts():
    """Defaults, keyword-only fields, class variables and computed fields are kept."""

    @dataclass(frozen=True, slots=True)
    class Base:
        id: int
        limit: ClassVar[int] = 3

    @dataclass
    class Whole:
        name: str
        id: int
        shout: str = dataclasses.field(init=False)
        _: KW_ONLY
        short_name: str = "none"
        tags: list[Any] = dataclasses.field(default_factory=list, init=False)

        def __post_init__(self):
            self.shout = self.name.upper()

    assert read(Base, {"id": 5}) == [Base(5)]
    [record] = read(Whole, {"id": 5, "name": "a"})
    assert record == Whole("a", 5, short_name="none")
    assert record.shout == "A"
    assert url(Whole) == "$select=name,id,short_name&$orderby=id&$top=5000"


def test_a_constructor_of_ones_own():
    """A dataclass with its own constructor is made by it."""

    @dataclass(init=False)
    class Own:
        id: int
        name: str

        def __init__(self, id, name, extra=None):
            self.id, self.name = -id, name

    [record] = read(Own, {"id": 5, "name": "a"})
    assert (record.id, record.name) == (-5, "a")


def test_typed_dicts_with_keys_that_may_be_absent():
    """A key that need not be there is absent where the service sends nothing."""

    class Some(TypedDict, total=False):
        id: Required[int]
        name: str
        vat_number: str | None

    class Other(TypedDict):
        name: NotRequired[str]

    rows = read(Some, {"id": 1}, {"id": 2, "name": "A", "vat_number": None})
    assert rows == [{"id": 1}, {"id": 2, "name": "A", "vat_number": None}]
    assert read(Other, {"id": 1}) == [{}]


def test_defaults_stand_for_what_is_absent():
    """A default is taken where nothing comes; its own list is no other's."""

    class Defaults(Struct):
        name: str = "none"
        credit_limit: Decimal = Decimal(0)
        on_hold: bool | UnsetType = UNSET
        contacts: list[CustomerContact] = msgspec.field(default_factory=list)

    class Shared(NamedTuple):
        contacts: list[Any] = []  # noqa: RUF012 - shared on purpose

    one, other = read(Defaults, {"id": 1}, {"id": 2, "on_hold": True})
    assert (one, other) == (Defaults(), Defaults(on_hold=True))
    assert one.contacts is not other.contacts
    assert read(Shared, {"id": 1}) == [Shared()]


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": 1}, r"at \$\[0\]: .*missing required field `reference`"),
        ({"id": 1, "reference": None}, r"at \$\[0\]\.reference: .*got `null`"),
        ({"id": 1, "reference": 5}, r"at \$\[0\]\.reference: .*got `int`"),
    ],
)
def test_a_record_that_does_not_fit(model, row, message):
    """It is an error that names the field, or goes to the quarantine alone."""
    with pytest.raises(DecodeError, match=f"{model.__name__} {message}") as caught:
        read(model, row)
    assert json.loads(caught.value.raw) == row
    rejected = []
    good = {"id": 2, "reference": "B"}
    records = read(model, row, good, quarantine=rejected.append)
    assert records == [model(id=2, reference="B", balance=None)]
    assert [error.model for error in rejected] == [model.__name__]


def test_what_ones_own_code_refuses():
    """A ValueError of a type's own code is an error of that record alone."""

    class Positive(Struct):
        name: str
        balance: Decimal

        def __post_init__(self):
            if self.balance < 0:
                raise ValueError("below nothing")

    rows = [{"id": n, "name": "A", "balance": n - 2} for n in (1, 2, 3)]
    rejected = []
    records = read(Positive, *rows, quarantine=rejected.append)
    assert records == [Positive("A", Decimal(0)), Positive("A", Decimal(1))]
    assert [str(error).partition("Positive")[2] for error in rejected] == [
        " at $[0]: below nothing"
    ]
    with pytest.raises(DecodeError, match=r"Positive at \$\[0\]: below nothing"):
        read(Positive, *rows)


def test_what_wraps_a_dataclass_may_refuse():
    """A constructor that another library has wrapped is code that may refuse."""

    @dataclass
    class Wrapped:
        name: str

    generated = Wrapped.__init__

    def checked(self, name):
        if not name:
            raise ValueError("no name")
        generated(self, name)

    Wrapped.__init__ = checked
    with pytest.raises(DecodeError, match=r"Wrapped at \$\[1\]: no name"):
        read(Wrapped, {"id": 1, "name": "A"}, {"id": 2, "name": ""})


def test_constraints_are_checked():
    """What `msgspec.Meta` demands of a value is demanded of each record."""

    class Bounded(Struct):
        name: Annotated[str, Meta(max_length=3, description="short")]
        id: Annotated[int, Meta(gt=4)]

    assert read(Bounded, {"id": 5, "name": "abc"}) == [Bounded("abc", 5)]
    with pytest.raises(DecodeError, match=r"\$\[0\]\.name: .*length <= 3"):
        read(Bounded, {"id": 5, "name": "abcd"})
    with pytest.raises(DecodeError, match=r"\$\[0\]\.id: .*`int` >= 5"):
        read(Bounded, {"id": 4, "name": "abc"})


def test_enumerations():
    """An Enum or a Literal takes the values that it has, and no others."""

    class Narrow(Struct):
        account_status_type: Account
        exchange_rate_type: Literal["spot", "period"] | None = None

    row = {"id": 1, "account_status_type": "AccountStatusHidden"}
    assert read(Narrow, row) == [Narrow(Account.HIDDEN)]
    assert read(Narrow, row | {"exchange_rate_type": "spot"})[0].exchange_rate_type
    with pytest.raises(
        DecodeError, match=r"\$\[0\]\.account_status_type: Invalid enum"
    ):
        read(Narrow, {"id": 1, "account_status_type": "other"})
    numbers = fields(status_type=Status | None, status_reason=str)
    assert Endpoints.customers.query.into(fields(status_reason=str)).url
    with pytest.raises(UnknownFieldError):
        Endpoints.customers.query.into(numbers)


@pytest.mark.parametrize(
    "text", ["2024-07-01T08:00:00Z", "2024-07-01T08:00:00", "2024-07-01T09:00:00+01:00"]
)
@pytest.mark.parametrize(
    "own", [datetime, datetime | None, Annotated[datetime, Meta(tz=True)]]
)
def test_times_are_in_utc(text, own):
    """Times are aware and in UTC, however the annotation and the service put them."""
    model = fields(date_time_updated=own)
    [record] = read(model, {"id": 1, "date_time_updated": text})
    assert record.date_time_updated == OF_TIMES
    assert record.date_time_updated.tzinfo is UTC


def test_times_of_related_records_are_in_utc():
    """Times below a record are aware and in UTC as well."""

    class Memo(NamedTuple):
        date_time_updated: datetime | None

    class Own(Struct):
        memos: list[Memo]

    row = {"id": 1, "memos": [{"date_time_updated": "2024-07-01T08:00:00"}, {}]}
    assert read(Own, row) == [Own([Memo(OF_TIMES), Memo(None)])]


def test_generic_types():
    """A generic type is read with its parameters, and comes as the type itself."""

    class Pair(Struct, Generic[T]):
        id: int
        name: T

    @dataclass
    class Both(Generic[T]):
        id: int
        contacts: list[T]

    assert read(Pair[str], {"id": 1, "name": "A"}) == [Pair(1, "A")]
    with pytest.raises(QueryError, match=r"Pair\.name: int cannot hold"):
        Endpoints.customers.query.into(Pair[int])
    contacts = [{"name": "Ann"}]
    [both] = read(Both[fields(name=str)], {"id": 1, "contacts": contacts})
    assert both.contacts[0].name == "Ann"


class Address(NamedTuple):
    city: str | None
    postcode: str | None = None


class Person(TypedDict):
    name: str


@dataclass
class Rich:
    main_address: Address | None
    contacts: list[Person] | None = None
    memos: tuple[dict[str, Any], ...] = ()


def test_related_records():
    """A type of its own below a field expands related records, with its fields only."""
    row = {
        "id": 1,
        "main_address": {"city": "Ely", "address_1": "x"},
        "contacts": [{"name": "Ann", "id": 4}],
        "memos": [{"note": "hm"}],
    }
    address = Address("Ely")
    assert read(Rich, row) == [Rich(address, [{"name": "Ann"}], ({"note": "hm"},))]
    assert read(Rich, {"id": 1}) == [Rich(None)]
    assert url(Rich) == (
        "$select=main_address.city,main_address.postcode,contacts.name,memos,id"
        "&$expand=memos,main_address,contacts&$orderby=id&$top=5000"
    )
    with pytest.raises(DecodeError, match=r"\$\[0\]\.contacts\[0\]: .*`name`"):
        read(Rich, {"id": 1, "contacts": [{}]})


def test_records_of_the_catalog_below_a_type():
    """A record of the catalog below a field is read whole."""
    model = fields(id=int, contacts=list[CustomerContact] | None)
    [record] = read(model, {"id": 1, "contacts": [{"id": 4, "name": "Ann"}]})
    assert record.contacts == [CustomerContact(id=4, name="Ann")]
    assert url(model) == "$select=id,contacts&$expand=contacts&$orderby=id&$top=5000"


def test_deep_related_records():
    """Where related records hold others, all fields of the outer ones are asked for."""
    contact = fields(name=str, emails=list[fields(email=str)])
    model = fields(contacts=list[contact])
    row = {"id": 1, "contacts": [{"name": "A", "emails": [{"email": "a@b"}]}]}
    [record] = read(model, row)
    assert record.contacts[0].emails[0].email == "a@b"
    assert url(model) == "$select=contacts,id&$expand=contacts&$orderby=id&$top=5000"


def test_the_record_of_the_catalog():
    """The catalog's own record reads it whole, with what was selected before."""
    query = Endpoints.customers.query.select("id").into(Customer)
    assert query.options.select == ("id",)
    assert read(Customer, {"id": 1}) == [Customer(id=1)]
    back = Endpoints.customers.query.into(AsStruct).into(Customer)
    assert back.url == Endpoints.customers.query.url


def test_unknown_names_are_refused_with_the_nearest():
    """A name that the record lacks is refused before any I/O, at every level."""
    with pytest.raises(
        UnknownFieldError, match=r"Own\.balence: Cust.*'balance'"
    ) as error:
        Endpoints.customers.query.into(fields(balence=Decimal))
    assert (error.value.name, error.value.nearest) == ("balence", "balance")
    below = fields(contacts=list[fields(nmae=str)])
    with pytest.raises(UnknownFieldError, match="CustomerContact has no field 'nmae'"):
        Endpoints.customers.query.into(below)
    dotted = msgspec.defstruct(
        "Own", [("city", str)], rename={"city": "main_address.city"}
    )
    with pytest.raises(QueryError, match=r"annotate 'main_address' with a type"):
        Endpoints.customers.query.into(dotted)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"balance": float}, "balance: float cannot hold.*use Decimal, which keeps"),
        ({"balance": float | None}, "balance: float cannot hold"),
        ({"balance": Decimal | float}, r"Decimal \| float cannot hold"),
        ({"balance": int}, "balance: int cannot hold"),
        ({"balance": str}, "balance: str cannot hold"),
        ({"currency_id": float}, "currency_id: float cannot hold.*use int"),
        ({"currency_id": str}, "currency_id: str cannot hold.*use int"),
        ({"name": int}, "name: int cannot hold.*use str"),
        ({"name": bytes}, "name: bytes cannot hold"),
        ({"name": None}, "name: None cannot hold"),
        ({"name": list[str]}, r"name: list\[str\] cannot hold"),
        ({"name": AsStruct}, "name: AsStruct cannot hold"),
        ({"account_status_type": Status}, "account_status_type: Status cannot hold"),
        ({"account_status_type": Literal[0]}, r"type: Literal\[0\] cannot hold"),
        ({"on_hold": int}, "on_hold: int cannot hold.*use bool"),
        ({"date_time_updated": date}, "updated: date cannot hold.*use datetime"),
        ({"date_time_updated": str}, "updated: str cannot hold.*use datetime"),
        (
            {"date_time_updated": Annotated[datetime, Meta(tz=False)]},
            "updated: datetime cannot hold",
        ),
        ({"contacts": Address}, "contacts: Address cannot hold.*list of a type"),
        (
            {"contacts": list[str]},
            r"list\[str\] cannot hold.*fields of CustomerContact",
        ),
        ({"main_address": list[Address]}, r"list\[Address\] cannot hold.*CustomerMain"),
        ({"main_address": str}, "main_address: str cannot hold"),
        ({"contacts": list[Address]}, "CustomerContact has no field 'city'"),
        ({"id": Decimal}, "id: Decimal cannot hold the key id; use int"),
        ({"id": Status}, "id: Status cannot hold the key id; use int"),
    ],
)
def test_types_that_cannot_hold_a_field(annotations, message):
    """A type that cannot hold its field's values is refused, with one that can."""
    with pytest.raises(QueryError, match=message):
        Endpoints.customers.query.into(fields(**annotations))


@pytest.mark.parametrize(
    "annotations",
    [
        {"name": Any, "id": Any, "contacts": Any, "balance": object},
        {"name": msgspec.Raw, "contacts": list[Any], "main_address": dict[str, Any]},
        {"balance": Decimal | int, "currency_id": Decimal},
        {"name": uuid.UUID, "short_name": Literal["a", "b"]},
        {"name": Annotated[str | None, Meta(description="x")]},
        {"contacts": list[dict[str, str]]},
    ],
)
def test_types_that_can(annotations):
    """Wider types, and those that narrow on purpose, are taken."""
    assert Endpoints.customers.query.into(fields(**annotations)).url


def test_fields_that_come_in_two_types():
    """Where the documents disagree, both types are asked for; a Literal narrows."""
    views = Endpoints.sop_order_line_views.query
    views.into(fields(sop_order_line_type=str | int))
    views.into(fields(sop_order_line_type=Literal[1]))
    with pytest.raises(QueryError, match=r"str cannot hold.*use str \| int"):
        views.into(fields(sop_order_line_type=str))


class Own:
    name: str


Untyped = collections.namedtuple("Untyped", "id name")  # noqa: PYI024


def test_a_named_tuple_without_types():
    """A namedtuple without annotations takes what comes."""
    records = read(Untyped, {"id": 1, "name": "A"}, {"id": 2})
    assert records == [Untyped(1, "A"), Untyped(2, None)]


class Endless(Struct):
    contacts: "list[Endless] | None"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (5, "into takes a msgspec.Struct, .* got 5"),
        ("Customer", "into takes"),
        ([], "into takes"),
        (None, "into takes"),
        (AsDataclass(1, "a", None), "into takes"),
        (dict, "into takes"),
        (dict[str, Any], "into takes"),
        (list[AsStruct], "into takes"),
        (Own, "into takes"),
        (fields(), "Own has no fields"),
        (fields(name=Own), "name: Own cannot hold"),
        (fields(name="Nowhere"), "'Nowhere' is not defined; annotations that are text"),
        (dataclasses.make_dataclass("D", [("name", InitVar[str])]), "InitVar"),
        (Endless, r"Endless\.contacts: it holds itself"),
    ],
)
def test_what_is_no_type_to_read_into(model, message):
    """What has no fields to read, or cannot be understood, is refused with a reason."""
    with pytest.raises(QueryError, match=message):
        Endpoints.customers.query.into(model)


def test_a_constructor_that_does_not_take_the_fields():
    """A type that cannot be made of its fields is refused before any I/O."""

    @dataclass(init=False)
    class Own:
        name: str

        def __init__(self):
            self.name = "x"

    with pytest.raises(QueryError, match="Own cannot be made of its fields"):
        Endpoints.customers.query.into(Own)


def test_names_and_types_together_are_refused():
    """A selection beside a type is refused, before it and after it."""
    customers = Endpoints.customers.query
    for query in (customers.select("id"), customers.expand("contacts")):
        with pytest.raises(QueryError, match=r"leave select\(\) and expand\(\) out"):
            query.into(AsStruct)
    for method in ("select", "expand"):
        with pytest.raises(QueryError, match=f"leave {method}\\(\\) out.*AsStruct"):
            getattr(customers.into(AsStruct), method)("contacts")


def test_the_last_type_wins():
    """Another type replaces the one before."""
    customers = Endpoints.customers.query
    assert customers.into(Rich).into(AsDict) == customers.into(AsDict)
    assert url(AsDict, customers.into(Rich)) == url(AsDict)


def test_a_query_into_a_type_is_a_value():
    """It is equal to its like, hashable, picklable, and its repr names the type."""
    c = Customer.fields
    query = Endpoints.customers.query.into(AsStruct).filter(c.id > 5).top(3)
    same = Endpoints.customers.query.filter(c.id > 5).top(3).into(AsStruct)
    assert query == same
    assert hash(query) == hash(same)
    assert query != Endpoints.customers.query.filter(c.id > 5).top(3).into(AsTuple)
    assert query != Endpoints.customers.query.filter(c.id > 5).top(3)
    assert pickle.loads(pickle.dumps(query)) == query
    assert repr(query) == "ListGet(customers, into=AsStruct, filter=id gt 5, top=3)"
    assert query.explain().strategy == "key"


def test_what_can_be_done_with_it():
    """It is read and no more: what writes is gone, and says so."""
    customers = Endpoints.customers.query.into(AsStruct)
    assert not hasattr(customers, "create")
    with pytest.raises(QueryError, match=r"into\(\) out"):
        Extraction(name="customers", query=customers)
    lines = Endpoints.sop_order_line_views.query.into(fields(sop_order_line_id=int))
    assert not hasattr(lines, "get")
    licence = Endpoints.licence.query.into(fields(is_sales_enabled=bool))
    assert not hasattr(licence, "first")


def test_a_resource_that_the_catalog_does_not_have():
    """Its names and types are not checked; what is no single value is expanded."""
    things = untyped_endpoint("things", "id").query
    line = fields(sku=str, price=float)
    keyless = untyped_endpoint("things", None).query.order_by("built")
    query = things.into(fields(id=int, name=str, lines=list[line]))
    assert query.url.partition("?")[2] == (
        "$select=id,name,lines.sku,lines.price&$expand=lines&$orderby=id&$top=5000"
    )
    odd = fields(construct=int, built=int, lines=list[fields(built=int)])
    [record] = read(odd, {"construct": 1, "built": 2, "lines": []}, query=keyless)
    assert (record.construct, record.built) == (1, 2)
    row = {"id": 1, "name": "A", "lines": [{"sku": "x", "price": 1.5}]}
    [record] = read(fields(id=int, name=str, lines=list[line]), row, query=things)
    assert record.lines[0].price == 1.5
    for bad in ({"name": Own}, {"name": set[int]}, {"lines": list[set[int]]}):
        with pytest.raises(
            QueryError, match=r"no value of JSON becomes a|not supported"
        ):
            things.into(fields(**bad))
    odd = msgspec.defstruct("Odd", [("a", int)], rename={"a": "a b"})
    with pytest.raises(QueryError, match="expected the name of a field"):
        things.into(odd)


def test_without_a_key_an_error_is_no_record():
    """Where records have no key, an object with none of the fields is an error."""
    views = untyped_endpoint("things", None).query.order_by("name")
    optional, required = fields(name=str | None), fields(name=str)
    for model in (optional, required):
        with pytest.raises(DecodeError, match=r"none of the|missing required"):
            read(model, {"Message": "no"}, query=views)
        assert read(model, {"name": "A"}, query=views) == [model("A")]
    assert read(optional, {}, query=views) == [optional(None)]


def test_orders_with_their_customers():
    """Related records that are one come as one."""

    class Buyer(Struct):
        name: str

    class Order(Struct):
        document_no: str
        customer: Buyer

    row = {"id": 1, "document_no": "9", "customer": {"name": "A"}}
    orders = Endpoints.sop_orders.query.filter(SopOrder.fields.id > 0)
    assert read(Order, row, query=orders) == [Order("9", Buyer("A"))]


class Sparse(TypedDict, total=False):
    id: int
    balance: Decimal
    account_opened: datetime


class Unset(Struct):
    id: int
    balance: Decimal | UnsetType = UNSET
    account_opened: datetime | UnsetType = UNSET


class DecimalKind(enum.Enum):
    ACTIVE = "AccountStatusActive"


class DecimalContact(Struct):
    id: int
    name: str | None = None


class Misleading(Struct):
    id: int
    account_status_type: DecimalKind | None
    contacts: list[DecimalContact] | None


@pytest.mark.parametrize("model", [Sparse, Unset])
def test_money_and_times_may_be_absent(model):
    """Their bounds and zones are looked at where they are there."""
    rows = {"id": 1, "balance": 1.5}, {"id": 2}
    shown = [msgspec.to_builtins(one) for one in read(model, *rows)]
    assert [one["id"] for one in shown] == [1, 2]
    assert "balance" not in shown[1]
    with pytest.raises(DecodeError, match="no exponent past 400"):
        read(model, {"id": 1}, b'{"id":2,"balance":1E999}')


def test_names_of_types_do_not_make_money_or_times():
    """What counts is what a type is, not a word in its name."""
    rows = {
        "id": 1,
        "account_status_type": "AccountStatusActive",
        "contacts": [{"id": 3}],
    }
    [record] = read(Misleading, rows)
    assert record.account_status_type is DecimalKind.ACTIVE
    assert record.contacts == [DecimalContact(3)]


class Keyless(Struct):
    id: int = 0
    name: str | None = None


def test_a_default_makes_no_key():
    """A row that shows no key is none, though the type has a default for it."""
    with pytest.raises(PagingError, match="no 'id' field"):
        read(Keyless, {"Message": "An error has occurred."})


@pytest.mark.parametrize("kind", [dict[str, AsStruct], list[list[AsStruct]]])
def test_own_types_stand_alone_or_in_a_list(kind):
    """Deeper ones are refused before any request."""
    with pytest.raises(QueryError, match="stands alone or in a list"):
        untyped_endpoint("things", "id").query.into(fields(id=int, rows=kind))
