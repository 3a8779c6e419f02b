"""sage200_async, into types of the consumer's own with ten of a customer's fields."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from msgspec import Struct
from ours import client_of
from runner import measure_read, run_job

from sage200_async.catalog import Customer


class AsStruct(Struct):
    """Ten of a customer's fields."""

    id: int
    reference: str
    name: str
    short_name: str
    balance: Decimal
    credit_limit: Decimal
    on_hold: bool
    currency_id: int
    account_opened: datetime | None
    date_time_updated: datetime | None


@dataclass
class AsDataclass:
    """Ten of a customer's fields."""

    id: int
    reference: str
    name: str
    short_name: str
    balance: Decimal
    credit_limit: Decimal
    on_hold: bool
    currency_id: int
    account_opened: datetime | None
    date_time_updated: datetime | None


class AsDict(TypedDict):
    """Ten of a customer's fields."""

    id: int
    reference: str
    name: str
    short_name: str
    balance: Decimal
    credit_limit: Decimal
    on_hold: bool
    currency_id: int
    account_opened: datetime | None
    date_time_updated: datetime | None


class AsTuple(NamedTuple):
    """Ten of a customer's fields."""

    id: int
    reference: str
    name: str
    short_name: str
    balance: Decimal
    credit_limit: Decimal
    on_hold: bool
    currency_id: int
    account_opened: datetime | None
    date_time_updated: datetime | None


TIMES = 3
# A process that has just started is no service: readings in one, by one client.


def read(url: str, model: type[Any]) -> dict[str, float]:
    """Read all customers into *model*, several times."""

    async def main() -> tuple[int, Any]:
        records, balance = 0, Decimal(0)
        async with client_of(url) as client:
            for _ in range(TIMES):
                if model is AsDict:
                    async for row in client.customers.into(AsDict):
                        records += 1
                        balance += row["balance"]
                else:
                    async for record in client.customers.into(model):
                        records += 1
                        balance += record.balance
        return records, balance

    return measure_read(lambda: asyncio.run(main()))


def whole(url: str, **_: str) -> dict[str, float]:
    return read(url, Customer)


def struct(url: str, **_: str) -> dict[str, float]:
    return read(url, AsStruct)


def dataclass_(url: str, **_: str) -> dict[str, float]:
    return read(url, AsDataclass)


def typed_dict(url: str, **_: str) -> dict[str, float]:
    return read(url, AsDict)


def named_tuple(url: str, **_: str) -> dict[str, float]:
    return read(url, AsTuple)


if __name__ == "__main__":
    run_job(
        whole=whole,
        struct=struct,
        dataclass=dataclass_,
        typed_dict=typed_dict,
        named_tuple=named_tuple,
    )
