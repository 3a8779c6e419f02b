"""The error for each status, and its message."""

import pytest

from sage200_async import errors
from sage200_async.wire.error_details import message_in
from sage200_async.wire.messages import Request, Response
from sage200_async.wire.status import check

REQUEST = Request(method="GET", path="customers", headers={"authorization": "Bearer t"})


def fail(status, body=b"", headers=None):
    """Check a response of this status and return the error."""
    with pytest.raises(errors.StatusError) as caught:
        check(REQUEST, Response(status, headers or {}, body), 0)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success(status):
    """A success is returned as it is."""
    response = Response(status)
    assert check(REQUEST, response, 0) is response


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, errors.BadRequest, False),
        (401, errors.Unauthorized, False),
        (403, errors.Forbidden, False),
        (404, errors.NotFound, False),
        (409, errors.Conflict, False),
        (429, errors.RateLimited, True),
        (500, errors.ServerError, True),
        (503, errors.ServerError, True),
        (599, errors.ServerError, True),
        (302, errors.StatusError, False),
        (408, errors.StatusError, True),
        (418, errors.StatusError, False),
    ],
)
def test_class(status, kind, retryable):
    """Each status has its class, which is retryable or not."""
    error = fail(status)
    assert type(error) is kind
    assert (error.status, error.retryable) == (status, retryable)
    assert (error.request, error.response.status) == (REQUEST, status)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"Message": "No such account."}', "No such account."),
        (b'{"message": "no"}', "no"),
        (b'{"error": "invalid_grant"}', "invalid_grant"),
        (b'{"error": "e", "error_description": "why"}', "why"),
        (b'{"Message": 5, "error": "e"}', "e"),
        (b'"quoted"', "quoted"),
        (
            (
                b'{"Message": "The request is invalid.", '
                b'"ModelState": {"customer.name": ["too long"], "customer.id": "no"}}'
            ),
            "The request is invalid.; customer.name: too long; customer.id: no",
        ),
        (
            b'{"Message": "Failed.", "ExceptionMessage": "null", "StackTrace": "at X"}',
            "Failed.; null",
        ),
        (b'{"Message": "No.", "MessageDetail": "No route."}', "No.; No route."),
        (b'{"error": {"code": "1", "message": "Bad filter."}}', "Bad filter."),
        (
            b'{"odata.error": 1, "error": {"message": {"lang": "en", "value": "Bad."}}}',
            "Bad.",
        ),
        (
            (
                b'{"title": "Bad request", "detail": "One field.", "status": 400, '
                b'"errors": {"name": ["is required"]}}'
            ),
            "Bad request; One field.; name: is required",
        ),
        (b'[{"message": "one"}, {"message": "two"}]', "one; two"),
        (b'{"errors": [{"message": "one"}, "two"]}', "one; two"),
        (
            b'<?xml version="1.0"?><Error><Message>Gone &amp; lost</Message></Error>',
            "Gone & lost",
        ),
        (
            b'<m:error xmlns:m="x"><m:code/><m:message xml:lang="en">Bad</m:message>',
            "Bad",
        ),
        (b"<Error/>", "an XML document without a message"),
        (b'\xef\xbb\xbf{"Message": "With a mark."}', "With a mark."),
        (b'{"Message": "one\\r\\n\\u001b[31mtwo\\u0085"}', "one \ufffd[31mtwo"),
        (b"{}", "{}"),
        (b"plain", "plain"),
        (b"", ""),
        (b"  \n", ""),
        (b"\xff", "\ufffd"),
    ],
)
def test_detail(body, detail):
    """The service's message is found in the body, whatever its shape."""
    error = fail(400, body)
    assert error.detail == detail == message_in(Response(400, {}, body))
    assert detail in str(error)


@pytest.mark.parametrize("body", [b"<html><b>Bad gateway", b"\n <!DOCTYPE html>"])
def test_html(body):
    """An HTML page is not shown, but described."""
    error = fail(502, body)
    assert "gateway" in error.detail
    assert "<" not in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 100_000,
        b'{"Message": "' + b"x" * 50_000_000 + b'"}',
        b'{"Message": "' + b"x" * 50_000 + b'"}',
        b'{"errors": [' + b'{"message": "x"},' * 9_000_000 + b"]}",
        b"[" * 10_000_000,
        b'{"error":' * 100_000 + b"1" + b"}" * 100_000,
        b"<" * 1_000_000,
        b"<Message>" * 100_000,
    ],
    ids=range(8),
)
def test_long_bodies(body):
    """Of a long or deeply nested body, the message shows the beginning."""
    error = fail(400, body)
    assert len(error.detail) <= 500
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "site, company and the user's role"),
        (403, "role"),
        (404, "edition or version"),
        (504, "tunnel"),
        (301, "check base_url"),
        (308, "not followed"),
        (304, "no reason given"),
        (418, "no reason given"),
    ],
)
def test_advice(status, advice):
    """For an empty response, as Sage's 401 is, the message says what to check."""
    assert advice in str(fail(status))


def test_detail_and_advice():
    """The service's message comes before our advice."""
    message = str(fail(404, b'{"Message": "Gone fishing."}'))
    assert "Gone fishing.; no such id" in message


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(status):
    """`retry_after` is in seconds."""
    assert fail(status, headers={"retry-after": "7"}).retry_after == 7.0
    assert fail(status).retry_after is None


def test_no_secrets():
    """Neither message nor repr shows a header."""
    error = fail(401)
    shown = f"{error} {error!r} {error.request!r} {error.response!r}"
    assert "Bearer" not in shown
