"""Responses that are none of Sage's, or none to this request, are never records."""

import asyncio
import copy
import enum
import time
from types import SimpleNamespace
from urllib.parse import parse_qs

import msgspec
import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.catalog import StockTransferResponse
from sage200_async.errors import (
    BadRequest,
    ConnectError,
    DecodeError,
    Forbidden,
    IncompleteResponse,
    NotFound,
    RateLimited,
    Sage200Error,
    ServerError,
    StatusError,
)
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy
from sage200_async.wire.error_details import message_in
from sage200_async.wire.messages import Response

HEADERS = {"content-type": "text/html", "x-request-id": "r-1"}
SIGN_IN = Response(200, HEADERS, b"<!DOCTYPE html><html><body>Sign in</body></html>")
FAILED = Response(200, {}, b'{"Message":"An error has occurred."}')
REAL = {"id": 5, "name": "Real"}
VERBS = {
    "get": lambda client: client.customers.get(5),
    "get without a key": lambda client: client.licence.get(),
    "get untyped": lambda client: client.resource("customers").get(5),
    "get keyed": lambda client: client.resource("customers", key="id").get(5),
    "create": lambda client: client.customers.create({"reference": "A", "name": "B"}),
    "posting": lambda client: client.bank_payment.create({"narrative": "A"}),
    "create many": lambda client: client.suggested_products.create({}),
    "update": lambda client: client.customers.update(5, {"name": "B"}),
    "update many": lambda client: client.couriers.update_many([{"id": 5, "name": "B"}]),
    "delete": lambda client: client.customers.delete(5),
    "sites": lambda client: client.sites(),
    "count": lambda client: client.customers.count(),
    "list": lambda client: client.customers.first(),
    "schema_diff": lambda client: client.schema_diff("customers"),
}
READS = ["get", "get without a key", "get untyped"]
WRITES = ["create", "posting", "create many", "update", "update many", "delete"]


@pytest.fixture
def client_of(helpers):
    """Return a client whose service answers so, and the requests that it sent."""

    def make(*script):
        answers = iter(script)

        def answer(request):
            result = next(answers)
            if callable(result):
                return result(request)
            if isinstance(result, Exception):
                raise result
            return result if isinstance(result, Response) else reply(result)

        clock = helpers.Clock()
        memory = MemoryTransport(answer, clock)
        client = Sage200Client(
            helpers.settings,
            transport=Retry(memory, RetryPolicy(), clock),
            clock=clock,
        )
        return SimpleNamespace(client=client, requests=memory.requests)

    return make


def error_of(client, verb):
    """Return the DecodeError that *verb* ends with."""
    with pytest.raises(DecodeError) as caught:
        asyncio.run(VERBS[verb](client))
    return caught.value


@pytest.mark.parametrize("verb", WRITES)
@pytest.mark.parametrize("body", [SIGN_IN.body, b"OK", b"<a/>", b'{"id":', b"\xff"])
def test_a_write_answered_by_a_sign_in_page_may_have_been_done_or_not(
    client_of, verb, body
):
    """A body that is not JSON does not show what became of the write."""
    error = error_of(client_of(Response(200, HEADERS, body)).client, verb)
    assert (error.outcome_unknown, error.request_id) == (True, "r-1")
    assert "base_url" in str(error)
    assert "does not show whether the write was done" in error.__notes__[0]


def test_a_sign_in_page_is_called_one(client_of):
    """The message says that a gateway answered."""
    error = error_of(client_of(SIGN_IN).client, "delete")
    assert "an HTML page, which comes from a gateway" in str(error)


@pytest.mark.parametrize("body", [b"", b" \r\n", b"null", b"true", b"{}", b'{"id":5}'])
def test_a_delete_answered_by_nothing_or_json_is_done(client_of, body):
    """What Sage sends after a delete is not looked at."""
    assert (
        asyncio.run(VERBS["delete"](client_of(Response(200, {}, body)).client)) is None
    )


@pytest.mark.parametrize(
    "body", [{"value": [REAL]}, [REAL], {"value": [REAL], "@odata.count": 1}]
)
@pytest.mark.parametrize("verb", ["get", "update"])
def test_a_record_in_an_array_or_a_wrapper_is_the_record(client_of, verb, body):
    """One record is read in whichever of its forms it comes."""
    record = asyncio.run(VERBS[verb](client_of(body).client))
    assert (record.id, record.name) == (5, "Real")


def test_an_untyped_record_in_a_wrapper_is_the_record(client_of):
    """The same holds for a resource that the catalog does not have."""
    held = client_of({"value": [REAL]})
    assert asyncio.run(VERBS["get untyped"](held.client)) == REAL


@pytest.mark.parametrize("verb", ["get", "get keyed", "update"])
@pytest.mark.parametrize(
    "body", [{"id": 6, "name": "B"}, [{"id": 6}], {"value": [{"id": 6}]}, {"name": "B"}]
)
def test_another_record_than_was_asked_for_is_an_error(client_of, verb, body):
    """The key of the response is compared with the id of the request."""
    error = error_of(client_of(body).client, verb)
    assert "expected the record with id 5, got id" in str(error)
    assert error.outcome_unknown == (verb == "update")


@pytest.mark.parametrize("body", [[], [REAL, REAL], {"value": []}])
def test_none_or_several_records_are_an_error(client_of, body):
    """Which of several is meant is nowhere said."""
    error = error_of(client_of(body).client, "get")
    assert "expected one Customer, got" in str(error)


@pytest.mark.parametrize(("selected", "asked"), [("name", "id,name"), ("id", "id")])
def test_the_key_is_always_selected(client_of, selected, asked):
    """Without its key, a record could not be compared with the id."""
    held = client_of(REAL)
    assert asyncio.run(held.client.customers.select(selected).get(5)).id == 5
    assert held.requests[0].query == f"$select={asked}"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "body",
    [
        b'{"Message":"An error has occurred."}',
        b'\xef\xbb\xbf{"Message":"An error has occurred."}',
        b'{"error":{"code":"1","message":"An error has occurred."}}',
        b'{"name":"Error","message":"An error has occurred."}',
    ],
)
def test_an_error_with_the_status_200_is_an_error_with_its_message(
    client_of, verb, body
):
    """A record of Nones is never returned."""
    error = error_of(client_of(Response(200, {}, body)).client, verb)
    assert "An error has occurred." in str(error)
    assert error.outcome_unknown == (verb in WRITES)


@pytest.mark.parametrize("verb", [*READS, "list", "sites", "count", "schema_diff"])
def test_a_read_answered_by_a_sign_in_page_is_an_error(client_of, verb):
    """It says where to look."""
    error = error_of(client_of(SIGN_IN).client, verb)
    assert "check base_url" in str(error)
    assert error.request_id == "r-1"


@pytest.mark.parametrize("verb", ["get", "create", "update", "sites"])
@pytest.mark.parametrize("body", [b"{}", b"[{}]", b'{"Id":5,"Name":"Real"}'])
def test_an_object_without_any_of_the_fields_is_an_error(client_of, verb, body):
    """Nulls are omitted, but the key is always there."""
    error = error_of(client_of(Response(200, {}, body)).client, verb)
    assert "expected" in str(error)


def test_a_record_without_a_key_may_be_empty(client_of):
    """All of its fields may be null; fields that it does not have are an error."""
    assert asyncio.run(VERBS["posting"](client_of({}).client)).urn is None
    error = error_of(client_of({"Urn": 5}).client, "posting")
    assert error.outcome_unknown


@pytest.mark.parametrize("body", [{"urn": 12}, [{"urn": 12}], {}])
def test_a_record_without_documented_fields_is_any_object(client_of, body):
    """Sage documents the response to a stock transfer as an object, and no more."""
    transfers = client_of(body).client.stock_transfers
    assert asyncio.run(transfers.create({"product_id": 1})) == StockTransferResponse()


def test_a_record_without_documented_fields_is_no_error(client_of):
    """An error with the status 200 is refused there too, and shows its message."""
    with pytest.raises(DecodeError, match="An error has occurred") as caught:
        asyncio.run(client_of(FAILED).client.stock_transfers.create({}))
    assert caught.value.outcome_unknown


def test_a_record_of_nulls_is_one(client_of):
    """What has a field of the record, even null, is a record."""
    held = client_of({"is_sales_enabled": None})
    assert asyncio.run(held.client.licence.get()).is_sales_enabled is None


def test_a_posting_answers_its_urn(client_of):
    """That record has another key than the resource, or none."""
    held = client_of({"urn": 1327})
    assert asyncio.run(VERBS["posting"](held.client)).urn == 1327


@pytest.mark.parametrize("lost", [IncompleteResponse("cut"), ServerError()])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_a_refused_repetition_says_that_the_first_attempt_may_have_been_done(
    client_of, lost, status
):
    """A PUT that was done, and whose reply was lost, may well be refused again."""
    held = client_of(copy.copy(lost), reply({"Message": "No."}, status))
    with pytest.raises(StatusError, match=r"No\.") as caught:
        asyncio.run(VERBS["update"](held.client))
    assert (caught.value.outcome_unknown, caught.value.maybe_sent_before) == (
        True,
        True,
    )
    assert "an earlier attempt, whose response was lost" in caught.value.__notes__[0]
    assert len(held.requests) == 2


@pytest.mark.parametrize("refused", [ConnectError(), RateLimited()])
def test_a_refusal_after_attempts_that_were_not_done_is_a_plain_one(client_of, refused):
    """An attempt that never left, or was turned away, has done nothing."""
    for verb, error in (("update", BadRequest), ("delete", NotFound)):
        held = client_of(copy.copy(refused), Response(error.status_code))
        with pytest.raises(error) as caught:
            asyncio.run(VERBS[verb](held.client))
        assert not caught.value.outcome_unknown
        assert not hasattr(caught.value, "__notes__")


EMPTY = [Response(200), Response(204), Response(200, {}, b" \r\n")]


@pytest.mark.parametrize("empty", EMPTY)
def test_an_update_without_a_record_in_the_response_is_done(client_of, empty):
    """The record is read again."""
    held = client_of(empty, REAL)
    record = asyncio.run(VERBS["update"](held.client))
    assert (record.id, record.name) == (5, "Real")
    sent = [(request.method, request.path) for request in held.requests]
    assert sent == [("PUT", "customers/5"), ("GET", "customers/5")]


def test_an_update_of_many_without_records_in_the_response_is_done(client_of):
    """Each record is read again."""
    held = client_of(Response(204), {"id": 5}, {"id": 6})
    rows = [{"id": 5, "name": "B"}, {"id": 6, "name": "C"}]
    records = asyncio.run(held.client.couriers.update_many(rows))
    assert [record.id for record in records] == [5, 6]


def test_an_update_whose_record_cannot_be_read_again_was_done_all_the_same(client_of):
    """Neither error says that the outcome is unknown."""
    held = client_of(Response(204), Response(403))
    with pytest.raises(Forbidden) as caught:
        asyncio.run(VERBS["update"](held.client))
    assert not caught.value.outcome_unknown
    assert "the update was done" in caught.value.__notes__[0]
    held = client_of(Response(204))
    with pytest.raises(DecodeError, match="the update was done") as caught:
        asyncio.run(held.client.sop_orders_new.update(5, {"document_no": "1"}))
    assert not caught.value.outcome_unknown
    held = client_of(Response(204))
    with pytest.raises(DecodeError, match="the update was done"):
        asyncio.run(held.client.couriers.update_many([{"name": "B"}]))


@pytest.mark.parametrize("verb", ["create", "posting", "create many"])
@pytest.mark.parametrize("empty", EMPTY)
def test_a_create_without_a_record_in_the_response_may_have_been_done(
    client_of, verb, empty
):
    """Nobody knows the id of what was created, so it cannot be read again."""
    error = error_of(client_of(empty).client, verb)
    assert error.outcome_unknown
    assert "got nothing" in str(error)


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_an_empty_response_over_a_socket_is_done(helpers, status):
    """Neither the length nor its absence makes it an incomplete one."""

    def answer(number, _):
        return (
            helpers.http(b"", status) if number == 1 else helpers.http(b'{"id":5}'),
            "keep",
        )

    async def main():
        async with helpers.RawServer(answer) as server:
            settings = replace(helpers.settings, base_url=server.url)
            async with Sage200Client(settings) as client:
                return await VERBS["update"](client)

    assert asyncio.run(main()).id == 5


@pytest.mark.parametrize(
    "bad", [{"Message": "An error has occurred."}, {"Id": 2, "Name": "B"}, {}]
)
@pytest.mark.parametrize("read", ["stream", "offset", "parallel"])
def test_a_record_of_a_page_without_its_key_names_the_field(client_of, read, bad):
    """Neither an error in the list nor other spelling is taken for a wrong order."""

    def answer(request):
        return reply(7 if "$count" in request.query else [{"id": 1}, bad])

    held = client_of(*[answer] * 20)
    query = held.client.customers

    async def main():
        if read == "parallel":
            async with query.read() as records:
                return [record async for record in records]
        ordered = query.order_by("name") if read == "offset" else query
        return [record async for record in ordered]

    with pytest.raises(Sage200Error) as caught:
        asyncio.run(main())
    assert "a record of the response has no 'id' field" in str(caught.value)


def test_an_error_in_xml_that_is_not_closed_is_read_at_once():
    """The time that it takes grows with its size, not with the square of it."""
    start = time.process_time()
    message = message_in(Response(500, {}, b"<message " * 7300))
    assert time.process_time() - start < 0.1
    assert message == "an XML document without a message"


ROWS = [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]


@pytest.mark.parametrize(
    "body", [[], {"value": []}, [{"id": 99}], [{"id": 1}], {"value": [{"id": 2}]}]
)
def test_an_update_of_many_whose_response_lacks_a_record_may_have_been_done(
    client_of, body
):
    """The response shows each record that was changed, or it shows nothing."""
    client = client_of(Response(200, {}, msgspec.json.encode(body))).client
    with pytest.raises(DecodeError, match="expected the record with id") as caught:
        asyncio.run(client.couriers.update_many(ROWS))
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("rows", "body"),
    [
        (ROWS, [{"id": 2}, {"id": 1}, {"id": 3}]),
        ([*ROWS, {"name": "new"}], [{"id": 1}, {"id": 2}, {"id": 3}]),
        ([ROWS[0], {"id": 2, "is_to_delete": True}], [{"id": 1}]),
        ([], []),
    ],
)
def test_an_update_of_many_may_return_more_than_was_sent(client_of, rows, body):
    """Rows without an id are added, and deleted ones are gone."""
    client = client_of(Response(200, {}, msgspec.json.encode(body))).client
    got = asyncio.run(client.departments.update_many(rows))
    assert [record.id for record in got] == [row["id"] for row in body]


PROBLEM = b'{"title":"Forbidden","status":403,"detail":"no"}'


@pytest.mark.parametrize(
    "body",
    [
        PROBLEM,
        b'{"title":"Forbidden","status":403}',
        b'{"error_description":"no"}',
        b'[{"Message":"no"}]',
        b'"An error has occurred."',
        b"false",
        b"0",
    ],
)
def test_a_delete_is_not_done_by_an_error_with_the_status_200(client_of, body):
    """Nothing, true, null and a record are a success; all else is none."""
    error = error_of(client_of(Response(200, {}, body)).client, "delete")
    assert error.outcome_unknown


@pytest.mark.parametrize(
    "body", [b"", b"true", b"null", b"{}", b"[]", b'{"id":5,"title":"Mr","status":1}']
)
def test_a_delete_is_done_by_a_response_that_is_no_error(client_of, body):
    """Services send the record, or a word, or nothing."""
    asyncio.run(VERBS["delete"](client_of(Response(200, {}, body)).client))


@pytest.mark.parametrize("key", [None, "id"])
def test_problem_details_are_no_record_of_an_untyped_resource(client_of, key):
    """A create that was refused with the status 200 is not done."""
    client = client_of(Response(200, {}, PROBLEM)).client
    with pytest.raises(DecodeError, match="Forbidden; no") as caught:
        asyncio.run(client.resource("xs", key=key).create({"a": 1}))
    assert caught.value.outcome_unknown


class Known(enum.IntEnum):
    """Ids that a user has given names."""

    FIRST = 5


@pytest.mark.parametrize("asked", ["5", Known.FIRST, 5])
def test_another_record_is_not_the_one_that_was_asked_for(client_of, asked):
    """Whatever the type of the id."""
    with pytest.raises(DecodeError, match="expected the record with id 5, got id 6"):
        asyncio.run(client_of({"id": 6}).client.customers.get(asked))
    assert asyncio.run(client_of({"id": 5}).client.customers.get(asked)).id == 5


def test_an_id_that_is_text_is_compared_in_any_case(client_of):
    """Services find it in another case, and return it in their own."""
    things = client_of({"id": "AB"}, {"id": "CD"}).client.resource("xs", key="id")
    assert asyncio.run(things.get("ab")) == {"id": "AB"}
    with pytest.raises(DecodeError, match="got id 'CD'"):
        asyncio.run(things.get("ab"))


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("rest", [rb'"name":"\ud800"', b'"name":"\x01"'])
def test_a_record_that_is_no_json_is_quarantined_once(helpers, size, rest):
    """Neither a page of its own nor the end of one stops the reading."""
    rows = {n: b'{"id":%d}' % n for n in (1, 3, 4)}
    rows |= {n: b'{"id":%d,%b}' % (n, rest) for n in (2, 5)}

    def answer(request):
        asked = {name: value[0] for name, value in parse_qs(request.query).items()}
        if "$select" in asked:  # the highest keys
            return reply([{"id": 5}, {"id": 4}])
        after = int(asked.get("$filter", "id gt 0").split()[2])
        keys = [key for key in sorted(rows) if key > after][: int(asked["$top"])]
        return Response(200, {}, b"[%b]" % b",".join(rows[key] for key in keys))

    errors = []
    transport = MemoryTransport(answer, helpers.Clock())
    client = Sage200Client(
        helpers.settings, transport=transport, quarantine=errors.append
    )

    async def main():
        query = client.customers.page_size(size)
        return [record.id async for record in query]

    assert asyncio.run(main()) == [1, 3, 4]
    assert len(errors) == 2
