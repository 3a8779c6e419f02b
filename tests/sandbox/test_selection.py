"""A query selects in the sandbox exactly what the same condition selects in Python.

The sandbox reads `$filter` with a parser that shares nothing with our printer, and
answers from SQL; the other answer is plain Python over the same rows.
"""

import asyncio
import operator
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import LimitError
from sage200_async.odata.expressions import Expression
from sage200_async.sandbox import Sandbox

TEXT = ["reference", "name", "short_name", "website", "vat_number"]
NUMBER = ["balance", "credit_limit", "spare_number_1"]
INTEGER = ["id", "payment_terms_days", "currency_id"]
MOMENT = ["date_time_updated", "account_opened", "last_credit_review"]
BOOLEAN = ["on_hold", "terms_agreed"]
ENUM = ["account_status_type", "payment_terms_basis"]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
}


class Condition(NamedTuple):
    """A condition as an expression of ours, and as a Python function."""

    expression: Expression
    holds: Callable[[Customer], bool]


class LoadedClient(NamedTuple):
    run: Callable[[Any], Any]
    client: Sage200Client
    customers: list[Customer]


@pytest.fixture(scope="module")
def loaded() -> Iterator[LoadedClient]:
    with asyncio.Runner() as runner:
        sandbox = Sandbox(records={"customers": 60}, seed=7)
        runner.run(sandbox.__aenter__())
        for number, name in enumerate(["100%", "a_b", "O''Brien", "ﬁ＇é", "\u202eabc"]):
            values = {"reference": f"T{number}", "name": name, "balance": 10.5}
            sandbox.store.insert("customers", values)
        client = Sage200Client(sandbox.settings)
        runner.run(client.__aenter__())

        async def all_customers() -> list[Customer]:
            return [customer async for customer in client.customers]

        yield LoadedClient(runner.run, client, runner.run(all_customers()))
        runner.run(client.close())
        runner.run(sandbox.__aexit__(None, None, None))


def plain(value: Any) -> Any:
    """Return a value as Python compares it: a date is its midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def compared(name: str, operation: str, value: Any) -> Condition:
    field = getattr(Customer.fields, name)
    compare, wanted = COMPARE[operation], plain(value)

    def holds(customer: Customer) -> bool:
        held = getattr(customer, name)
        if operation in {"__eq__", "__ne__"}:
            return compare(held, wanted)
        return held is not None and compare(held, wanted)

    return Condition(getattr(field, operation)(value), holds)


def called(name: str, function: str, part: str) -> Condition:
    field = getattr(Customer.fields, name)
    inside = {
        "contains": lambda text: part in text,
        "startswith": lambda text: text.startswith(part),
        "endswith": lambda text: text.endswith(part),
    }[function]

    def holds(customer: Customer) -> bool:
        held = getattr(customer, name)
        return held is not None and inside(held)

    return Condition(getattr(field, function)(part), holds)


def among(name: str, values: list[Any]) -> Condition:
    field = getattr(Customer.fields, name)
    return Condition(
        field.in_(values), lambda customer: getattr(customer, name) in values
    )


def values_of(loaded: LoadedClient, name: str, others: st.SearchStrategy[Any]) -> Any:
    """Draw values that occur in the records, and others."""
    occurring = {getattr(customer, name) for customer in loaded.customers} - {None}
    return st.sampled_from(sorted(occurring)) | others if occurring else others


def leaves(loaded: LoadedClient) -> st.SearchStrategy[Condition]:
    def comparison(names: list[str], operations: list[str], others: Any) -> Any:
        return st.sampled_from(names).flatmap(
            lambda name: st.builds(
                compared,
                st.just(name),
                st.sampled_from(operations),
                values_of(loaded, name, others),
            )
        )

    every, equal = list(COMPARE), ["__eq__", "__ne__"]
    words = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    moments = st.datetimes(
        datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
    ).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
    numbers = st.decimals(-(10**6), 10**6, places=2)
    pieces = st.sampled_from(["", "%", "_", "'", "''", "a", "é", " & ", "\u202e", "＇"])
    return st.one_of(
        comparison(TEXT, every, words),
        comparison(NUMBER, every, numbers | st.integers(-(10**6), 10**6)),
        comparison(INTEGER, every, st.integers(-(2**63) + 1, 2**63 - 1)),
        comparison(
            MOMENT, every, moments | st.dates(date(1990, 1, 1), date(2030, 1, 1))
        ),
        comparison(BOOLEAN, equal, st.booleans()),
        comparison(ENUM, equal, words),
        st.sampled_from([*MOMENT, *NUMBER]).flatmap(
            lambda name: st.sampled_from(equal).map(
                lambda operation: compared(name, operation, None)
            )
        ),
        st.builds(
            called,
            st.sampled_from(TEXT),
            st.sampled_from(["contains", "startswith", "endswith"]),
            pieces | words,
        ),
        st.sampled_from(["reference", "id", "balance", "on_hold"]).flatmap(
            lambda name: st.lists(
                values_of(loaded, name, st.nothing()), max_size=4
            ).map(lambda values: among(name, values))
        ),
    )


def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(
            lambda pair: Condition(
                pair[0].expression & pair[1].expression,
                lambda row: pair[0].holds(row) and pair[1].holds(row),
            )
        ),
        two.map(
            lambda pair: Condition(
                pair[0].expression | pair[1].expression,
                lambda row: pair[0].holds(row) or pair[1].holds(row),
            )
        ),
        inner.map(
            lambda one: Condition(~one.expression, lambda row: not one.holds(row))
        ),
    )


@given(data=st.data())
def test_the_same_rows_are_selected(loaded: LoadedClient, data: st.DataObject) -> None:
    """For any condition, the sandbox returns the rows that Python finds."""
    condition = data.draw(st.recursive(leaves(loaded), joined, max_leaves=8))
    query = loaded.client.customers.filter(condition.expression).select("id")
    try:
        query.url  # noqa: B018 - raises what reading would
    except LimitError:
        assume(False)

    async def read() -> list[int | None]:
        return [customer.id async for customer in query]

    wanted = [row.id for row in loaded.customers if condition.holds(row)]
    assert loaded.run(read()) == wanted, query.url


def test_nulls_are_asked_for_by_name(loaded: LoadedClient) -> None:
    """A comparison lacks nulls, and ``== None`` adds them, whatever ``~`` includes."""
    field, day = Customer.fields.last_credit_review, datetime(2020, 1, 1, tzinfo=UTC)
    nulls = {row.id for row in loaded.customers if row.last_credit_review is None}

    async def read(condition: Expression) -> set[int | None]:
        return {row.id async for row in loaded.client.customers.filter(condition)}

    later, earlier, both = (
        loaded.run(read(condition))
        for condition in (field > day, field <= day, (field <= day) | (field == None))  # noqa: E711
    )
    assert not nulls & (later | earlier)
    assert both == earlier | nulls
    assert len(later) + len(both) == len(loaded.customers)


def test_the_rows_are_varied(loaded: LoadedClient) -> None:
    """The rows differ enough for conditions to select some of them."""
    assert len({customer.balance for customer in loaded.customers}) > 10
    assert any(customer.last_credit_review is None for customer in loaded.customers)
    assert all(isinstance(customer.balance, Decimal) for customer in loaded.customers)
