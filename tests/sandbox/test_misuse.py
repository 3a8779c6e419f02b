"""Bad input is a named error before any request is sent."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings, field
from sage200_async.catalog import Customer, Product
from sage200_async.errors import (
    ClientClosed,
    InvalidValue,
    LimitError,
    QueryError,
    SettingsError,
    UnknownFieldError,
    UnsupportedOperation,
)
from sage200_async.sandbox import Sandbox

c = Customer.fields
FAULTS: list[tuple[type[Exception], str, Callable[[Any], object]]] = [
    (UnknownFieldError, "did you mean 'name'", lambda q: q.filter(nme="x")),
    (UnknownFieldError, "did you mean 'name'", lambda _: c.nme),
    (
        UnknownFieldError,
        "did you mean 'balance'",
        lambda q: q.filter(field("balanc") > 1),
    ),
    (UnknownFieldError, "did you mean 'contacts'", lambda q: q.expand("contact")),
    (UnknownFieldError, "did you mean 'reference'", lambda q: q.select("refrence")),
    (
        UnknownFieldError,
        "did you mean 'city'",
        lambda q: q.select("main_address.citty"),
    ),
    (UnknownFieldError, "did you mean 'name'", lambda q: q.order_by("nam desc")),
    (UnknownFieldError, "Customer", lambda q: q.filter(Product.fields.code == "A")),
    (InvalidValue, "a number, got 'x'", lambda _: c.balance > "x"),
    (InvalidValue, "text, got 5", lambda _: c.name == 5),
    (InvalidValue, "finite", lambda _: c.balance > float("nan")),
    (InvalidValue, "finite", lambda _: c.balance > Decimal("-Infinity")),
    (InvalidValue, "whole number", lambda _: c.id == 1.5),
    (InvalidValue, "whole number", lambda _: c.id == True),  # noqa: E712
    (InvalidValue, "64 bits", lambda _: c.id > 2**63),
    (InvalidValue, "True or False", lambda _: c.on_hold == 1),
    (InvalidValue, "time zone", lambda _: c.date_time_updated > datetime(2026, 1, 1)),
    (InvalidValue, "surrogates", lambda _: c.name == "\ud800"),
    (
        InvalidValue,
        "comparison with a number",
        lambda q: q.filter(field("balance") == "12"),
    ),
    (InvalidValue, "== or !=", lambda q: q.filter(field("on_hold") > True)),
    (LimitError, "got -1", lambda q: q.top(-1)),
    (LimitError, "got 5001", lambda q: q.page_size(5001)),
    (LimitError, "got True", lambda q: q.top(True)),
    (LimitError, "got '5'", lambda q: q.skip("5")),
    (LimitError, "bytes long", lambda q: q.filter(name="x" * 3000).url),
    (QueryError, "use|&", lambda _: (c.id > 1) and (c.id < 9)),
    (QueryError, "&", lambda _: 1 < c.id < 9),
    (QueryError, "condition", lambda q: q.filter("balance gt 1")),
    (QueryError, "raw", lambda _: c.main_address.city == "York"),
    (QueryError, "desc", lambda q: q.order_by("name down")),
]


@pytest.mark.parametrize("error,message,fault", FAULTS, ids=range(len(FAULTS)))
def test_a_wrong_query_is_never_sent(on_sandbox, error, message, fault) -> None:
    """A wrong name, value or number raises its own error, and nothing is sent."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        with pytest.raises(error, match=message):
            fault(client.customers)
        assert sandbox.requests == []
        assert sandbox.token_requests == []

    on_sandbox(body, records={"customers": 1})


def test_wrong_writes_are_never_sent(on_sandbox) -> None:
    """Names and values of a write are checked before anything is sent."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        customers: Any = client.customers
        for error, message, values in (
            (UnknownFieldError, "did you mean 'name'", {"nme": "x"}),
            (InvalidValue, "credit_limit", {"name": "x", "credit_limit": "12"}),
            (InvalidValue, "finite", {"credit_limit": float("nan")}),
            (InvalidValue, "time zone", {"account_opened": datetime(2026, 1, 1)}),
            (UnknownFieldError, "did you mean 'name'", {"contacts": [{"nam": "x"}]}),
            (QueryError, "contacts", {"contacts": "Ann"}),
            (QueryError, "mapping", "name=x"),
        ):
            with pytest.raises(error, match=message):
                await customers.create(values)
            with pytest.raises(error, match=message):
                await customers.update(1, values)
        for wrong in (None, True, 1.5, ""):
            with pytest.raises(QueryError, match="expected an id"):
                await customers.get(wrong)
        with pytest.raises(QueryError, match="create takes no query options"):
            await customers.filter(id=1).create({"name": "x"})
        with pytest.raises(QueryError, match="get takes select and expand"):
            await customers.top(1).get(1)
        with pytest.raises(UnsupportedOperation, match="cannot create; it can list"):
            client.sop_order_line_views.create  # noqa: B018
        assert sandbox.requests == []
        assert sandbox.token_requests == []

    on_sandbox(body, records={"customers": 1})


def test_a_closed_client_is_not_used(on_sandbox) -> None:
    """Before it is opened and after it is closed, a client raises `ClientClosed`."""

    async def body(_: Sage200Client, sandbox: Sandbox) -> None:
        client = Sage200Client(sandbox.settings)
        with pytest.raises(ClientClosed):
            await client.customers.first()
        async with client:
            await client.customers.first()
        before = len(sandbox.requests)
        with pytest.raises(ClientClosed):
            await client.customers.first()
        with pytest.raises(ClientClosed):
            await client.sites()
        assert len(sandbox.requests) == before

    on_sandbox(body, records={"customers": 1})


def test_a_missing_setting_is_named(on_sandbox) -> None:
    """A missing setting is an error that names it."""
    with pytest.raises(SettingsError, match="refresh_token") as caught:
        Sage200Client(Settings())
    assert caught.value.name == "refresh_token"
    with pytest.raises(SettingsError, match="client_id"):
        Sage200Client(Settings(refresh_token="r"))

    async def body(_: Sage200Client, sandbox: Sandbox) -> None:
        for name in ("site", "company"):
            bare = replace(sandbox.settings, **{name: ""})
            async with Sage200Client(bare) as client:
                with pytest.raises(SettingsError, match=name):
                    await client.customers.first()
        assert sandbox.requests == []

    on_sandbox(body, records={"customers": 1})
