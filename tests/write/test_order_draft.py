"""Orders in steps: what is saved is known, whatever happens to a line or to a reply."""

import asyncio

import pytest

from sage200_async import Sage200Client
from sage200_async.errors import (
    BadRequest,
    ConnectError,
    Forbidden,
    LinesRefused,
    NotFound,
    QueryError,
    RateLimited,
    RequestTimeout,
    Unauthorized,
)
from sage200_async.sandbox import Sandbox
from sage200_async.write.order_draft import OrderDraft


def line(text):
    return {"line_type": "EnumLineTypeFreeText", "description": text}


REFUSED = {"line_type": "EnumLineTypeFreeText"}  # without a description


async def with_draft(work, resource="sop_orders"):
    parent = {"sop_orders": "customers", "pop_orders": "suppliers"}[resource]
    async with (
        Sandbox({parent: 2, resource: 2}) as box,
        Sage200Client(box.settings) as client,
    ):
        owner = await getattr(client, parent).first()
        orders = getattr(client, resource)
        key = f"{parent[:-1]}_id"
        draft = await OrderDraft.create(orders, {key: owner.id})
        return await work(client, draft)


def described(lines):
    return [one.description for one in lines]


class LosesReplies:
    """A resource whose updates are carried out, and then time out."""

    def __init__(self, orders, error):
        self.orders, self.error = orders, error

    def __getattr__(self, name):
        return getattr(self.orders, name)

    async def update(self, id, changes):
        if self.error.outcome_unknown:
            await self.orders.update(id, changes)
        raise self.error


@pytest.mark.parametrize("resource", ["sop_orders", "pop_orders"])
def test_an_order_in_steps(resource):
    """It is a draft until it is confirmed, with all lines in their order."""

    async def work(client, draft):
        orders = getattr(client, resource)
        assert (await orders.get(draft.id)).is_draft is True
        first = await draft.add_lines([line("a"), line("b")])
        second = await draft.add_lines([line("c")])
        assert (described(first), described(second)) == (["a", "b"], ["c"])
        order = await draft.confirm()
        assert order.is_draft is False
        assert described(order.lines) == ["a", "b", "c"]

    asyncio.run(with_draft(work, resource))


def test_a_line_in_the_middle_is_refused():
    """The lines before it are saved, it is named, and those after it were not tried."""

    async def work(client, draft):
        await draft.add_lines([line("old")])
        with pytest.raises(
            LinesRefused, match=r"2 of 4 lines are saved; line 3"
        ) as info:
            await draft.add_lines([line("a"), line("b"), REFUSED, line("c")])
        error = info.value
        assert described(error.saved) == ["a", "b"]
        assert (error.refused, error.not_tried) == (REFUSED, (line("c"),))
        assert isinstance(error.__cause__, BadRequest)
        assert described(await draft.lines()) == ["old", "a", "b"]
        await draft.add_lines(error.not_tried)
        assert described(await draft.lines()) == ["old", "a", "b", "c"]

    asyncio.run(with_draft(work))


def test_a_reply_that_is_lost():
    """Lines that are all saved count as added, and none is sent twice."""

    async def work(client, draft):
        lost = RequestTimeout("timed out")
        lost.outcome_unknown = True
        unsure = OrderDraft(LosesReplies(client.sop_orders, lost), draft.id)
        assert described(await unsure.add_lines([line("a"), line("b")])) == ["a", "b"]
        assert described(await draft.lines()) == ["a", "b"]
        order = await unsure.confirm()
        assert order.is_draft is False

    asyncio.run(with_draft(work))


def test_a_reply_that_is_lost_with_some_lines():
    """It says that more may be saved later, and refuses nothing."""

    class Stops(LosesReplies):
        async def update(self, id, changes):
            await self.orders.update(id, changes | {"lines": changes["lines"][:1]})
            raise self.error

    async def work(client, draft):
        lost = RequestTimeout("timed out")
        lost.outcome_unknown = True
        unsure = OrderDraft(Stops(client.sop_orders, lost), draft.id)
        with pytest.raises(LinesRefused, match="more may be saved later") as info:
            await unsure.add_lines([line("a"), line("b")])
        assert described(info.value.saved) == ["a"]
        assert (info.value.refused, info.value.not_tried) == (None, (line("b"),))

    asyncio.run(with_draft(work))


def test_a_request_that_never_left():
    """It is raised as it is: no line was tried."""

    async def work(client, draft):
        never = ConnectError("no route to host")
        unsure = OrderDraft(LosesReplies(client.sop_orders, never), draft.id)
        with pytest.raises(ConnectError):
            await unsure.add_lines([line("a")])
        with pytest.raises(ConnectError):
            await unsure.confirm()
        assert (await client.sop_orders.get(draft.id)).is_draft is True

    asyncio.run(with_draft(work))


class Forgets(LosesReplies):
    """Updates fail or not as the test says, and the reading after them fails."""

    sent = False

    async def update(self, id, changes):
        await self.orders.update(id, changes)
        self.sent = True
        if self.error is not None:
            raise self.error

    def expand(self, *names):
        return self if self.sent else self.orders.expand(*names)

    async def get(self, id):
        self.sent = False
        raise ConnectError("the network is down")


def lost_reply():
    lost = RequestTimeout("timed out")
    lost.outcome_unknown = True
    return lost


@pytest.mark.parametrize(
    ("first", "raised"),
    [(None, ConnectError), (lost_reply(), RequestTimeout), (BadRequest(), BadRequest)],
)
def test_a_reading_that_fails_after_lines_were_sent(first, raised):
    """Lines that may be saved are not called unsent: the outcome is unknown."""

    async def work(client, draft):
        unsure = OrderDraft(Forgets(client.sop_orders, first), draft.id)
        with pytest.raises(raised) as info:
            await unsure.add_lines([line("a"), line("b")])
        assert (info.value.outcome_unknown, info.value.retryable) == (True, False)
        assert "what is saved is not known" in info.value.__notes__[-1]
        assert described(await draft.lines()) == ["a", "b"]

    asyncio.run(with_draft(work))


@pytest.mark.parametrize("first", [None, lost_reply()])
def test_a_reading_that_fails_after_a_confirmation(first):
    """An order that may be confirmed is not called a draft still."""

    async def work(client, draft):
        unsure = OrderDraft(Forgets(client.sop_orders, first), draft.id)
        with pytest.raises(ConnectError if first is None else RequestTimeout) as info:
            await unsure.confirm()
        assert (info.value.outcome_unknown, info.value.retryable) == (True, False)

    asyncio.run(with_draft(work))


@pytest.mark.parametrize("error", [Unauthorized(), Forbidden(), RateLimited()])
def test_a_refusal_that_is_not_of_a_line(error):
    """A user who is refused, or is too fast, is not called a line that is refused."""

    async def work(client, draft):
        unsure = OrderDraft(LosesReplies(client.sop_orders, error), draft.id)
        with pytest.raises(type(error)):
            await unsure.add_lines([line("a")])
        assert await draft.lines() == []

    asyncio.run(with_draft(work))


def test_a_draft_that_is_discarded():
    """The order is gone."""

    async def work(client, draft):
        await draft.discard()
        with pytest.raises(NotFound):
            await client.sop_orders.get(draft.id)
        with pytest.raises(NotFound):
            await draft.add_lines([line("a")])

    asyncio.run(with_draft(work))


def test_what_is_refused_before_any_request():
    """Lines of a new draft, flags that are set here, and lines with an id."""

    async def work(client, draft):
        sent = len(await draft.lines())
        for name in ("lines", "is_editing"):
            with pytest.raises(QueryError, match=f"{name}: leave it out"):
                await OrderDraft.create(client.sop_orders, {name: []})
        with pytest.raises(QueryError, match="lines with an id are changed by update"):
            await draft.add_lines([{"id": 5}])
        assert await draft.add_lines([]) == []
        assert len(await draft.lines()) == sent

    asyncio.run(with_draft(work))
