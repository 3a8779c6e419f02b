"""Whatever is sent to the sandbox, it answers as Sage would, and never with 500."""

import asyncio
import json
from urllib.parse import quote

import aiohttp
import pytest
import yarl
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.oauth.requests import CLIENT_ID, CLIENT_SECRET
from sage200_async.sandbox.server.routes import load_routes

RECORDS = {"customers": 5, "products": 3, "sop_orders": 3}
TOO_DEEP = "The request is nested too deeply."
WRITERS = sorted(
    {
        "/1/".join(route.names)
        for route in load_routes().values()
        if "create" in route.verbs
    }
)
FORM = "application/x-www-form-urlencoded"


class Attacker:
    """Sends raw requests to a sandbox of its own, with a valid token."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.sandbox = Sandbox(records=RECORDS)
        self.runner.run(self.start())

    async def start(self):
        await self.sandbox.__aenter__()
        self.session = aiohttp.ClientSession()
        access = self.sandbox.settings
        form = {
            "grant_type": "refresh_token",
            "refresh_token": access.refresh_token,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        async with self.session.post(access.token_url, data=form) as response:
            token = (await response.json())["access_token"]
        self.base_url = access.base_url
        self.headers = {
            "Authorization": f"Bearer {token}",
            "X-Site": access.site,
            "X-Company": str(access.company),
        }

    def send(self, method, url, data=None, **headers):
        """Send a request to a path, or to a whole URL; return status and text."""
        whole = url if url.startswith("http") else self.base_url + url
        return self.runner.run(self.exchange(method, whole, data, headers))

    async def exchange(self, method, url, data, headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(
            method,
            yarl.URL(url, encoded=True),
            data=data,
            headers={**self.headers, **named},
            allow_redirects=False,
        ) as response:
            return response.status, (await response.read()).decode(errors="replace")

    def close(self):
        self.runner.run(self.stop())
        self.runner.close()

    async def stop(self):
        await self.session.close()
        await self.sandbox.__aexit__(None, None, None)


@pytest.fixture(scope="module")
def attacker():
    """Return an attacker with a sandbox that lasts for all tests."""
    attacker = Attacker()
    yield attacker
    attacker.close()


def quoted(text):
    return quote(text.encode(errors="surrogatepass"))


def refused(answer, *parts):
    """Check that an answer is 400, with the body of Sage's errors."""
    status, text = answer
    assert status == 400, text
    message = json.loads(text)["Message"]
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    "number",
    ["1E99999999999999999999", "1E-99999999999999999999", "1E999999999", "-1E309"],
)
def test_a_number_past_a_double_is_out_of_range(attacker, number):
    """A filter with such an exponent is refused, and takes neither time nor memory."""
    query = quoted(f"balance gt {number}")
    refused(attacker.send("GET", f"customers?$filter={query}"), "out of range")


@pytest.mark.parametrize("depth", [140, 1_000])
@pytest.mark.parametrize("opening", ["not (", "(", "not (id eq 1 and "])
def test_a_deep_filter_is_answered(attacker, depth, opening):
    """Nesting past what SQLite or the parser takes is refused, and is no failure."""
    text = quoted(opening * depth + "id eq 1" + ")" * depth)
    status, body = attacker.send("GET", f"customers?$filter={text}")
    if opening == "(":
        assert status == 200  # brackets alone add nothing
    else:
        assert (status, "nested too deeply" in body) == (400, True)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"contacts":[{"a":'])
def test_a_deep_body_is_refused(attacker, opening):
    """A body of 50,000 open brackets is refused."""
    refused(attacker.send("POST", "customers", opening * 50_000))


@pytest.mark.parametrize(
    "body",
    [
        b'{"reference":"S1","name":"\\ud800"}',
        b'{"\\ud800":1}',
        b'{"reference":"S2","name":"a","contacts":[{"first_name":"\\udfff"}]}',
    ],
)
def test_half_of_a_surrogate_pair_is_refused(attacker, body):
    """What is no text is not stored."""
    before = attacker.runner.run(count(attacker))
    refused(attacker.send("POST", "customers", body))
    assert attacker.runner.run(count(attacker)) == before


async def count(attacker):
    url = f"{attacker.base_url}customers?$top=5000"
    async with attacker.session.get(url, headers=attacker.headers) as response:
        return len(await response.json())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customer_alerts", b'{"customer_id":99999999999999999999999}'),
        ("products_duplicate", b'{"source_id":99999999999999999999}'),
    ],
)
def test_an_id_past_64_bits_is_refused(attacker, path, body):
    """An id that no record can have is refused, where a record is looked up by it."""
    refused(attacker.send("POST", path, body))


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "http://[",
        "http://",
        "http:///x",
        "http://h:99999/",
        "http://h:port/",
        "http://h\\@e/",
        "http://h.\0/",
        "http://a b/",
        "//elsewhere/",
        "/callback",
        "javascript:alert(1)",
        "JavaScript:alert(1)//http://h/",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "http://h/#fragment",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_browser_is_sent_to_a_script_or_half_a_url(attacker, redirect_uri, method):
    """A redirect URI is http or https with a host, or the request is refused."""
    query = f"response_type=code&client_id={CLIENT_ID}&state=s"
    url = (
        f"{attacker.sandbox.url}/authorize?{query}&redirect_uri={quoted(redirect_uri)}"
    )
    status, text = attacker.send(method, url)
    assert status == 400
    assert text.startswith("invalid_request: redirect_uri ")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"\xff\xfe"),
        (FORM, b"grant_type=refresh_token&client_id=%ff&client_secret=%ed%a0%80"),
        (f"{FORM}; charset=nope", b"grant_type=x"),
        (f"{FORM}; charset=utf-16", b"a=b"),
        ("multipart/form-data; boundary=a", b"--a\r\n"),
        ("text/plain", b""),
    ],
)
def test_the_token_endpoint_answers_any_form(attacker, content_type, body):
    """A form that is none gets an error of OAuth's."""
    url = f"{attacker.sandbox.url}/oauth/token"
    status, text = attacker.send("POST", url, body, Content_Type=content_type)
    assert status in {400, 401}
    assert json.loads(text)["error"] in {"invalid_request", "access_denied"}


def test_a_body_that_is_not_what_its_encoding_says(attacker):
    """A body that claims to be gzip, and is not, is refused."""
    refused(attacker.send("POST", "customers", b"{}", Content_Encoding="gzip"))


WORDS = st.sampled_from(
    [
        "id",
        "name",
        "balance",
        "on_hold",
        "date_time_updated",
        "contacts",
        "main_address.city",
        "document_no",
        "eq",
        "ne",
        "gt",
        "ge",
        "lt",
        "le",
        "and",
        "or",
        "not",
        "in",
        "any",
        "add",
        "(",
        ")",
        ",",
        ".",
        "/",
        "'",
        "''",
        "'x'",
        "'\x00'",
        "'�'",
        "null",
        "true",
        "1",
        "-1",
        "1.5",
        "1e5",
        "1E400",
        "1E999999999",
        "-0",
        "9223372036854775808",
        "NaN",
        "INF",
        "2024-01-01",
        "0000-00-00",
        "2024-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "contains(",
        "startswith(",
        "endswith(",
        "length(",
        "now()",
        "guid'x'",
        "duration'P1D'",
        "asc",
        "desc",
        "٣",
        "\ufeff",
    ]
)
SOUP = st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=30)
OPTIONS = st.dictionaries(
    st.sampled_from(
        ["$filter", "$top", "$skip", "$orderby", "$select", "$expand", "$count", "x"]
    ),
    SOUP,
    max_size=3,
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**30), 1e308, 5e-324, 0.1])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["2024-01-01", "0000-00-00T00:00:00", "\ud800", "\0", "x" * 5000])
)
FIELDS = st.sampled_from(
    [
        "id",
        "reference",
        "name",
        "code",
        "balance",
        "on_hold",
        "customer_id",
        "product_id",
        "source_id",
        "lines",
        "contacts",
        "main_address",
        "document_date",
        "warehouse_id",
        "quantity",
        "is_to_delete",
        "urn",
        "line_quantity",
        "nominal_code",
        "amount",
        "default_nominal_code_id",
    ]
) | st.text(max_size=10)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = (
    st.dictionaries(FIELDS, VALUES, max_size=6).map(json.dumps).map(str.encode)
    | VALUES.map(json.dumps).map(str.encode)
    | st.binary(max_size=40)
)


def answered(answer):
    """Check that an answer is no failure, and an error one of Sage's."""
    status, text = answer
    assert status < 500, text
    if status >= 400 and text:
        assert json.loads(text)["Message"]


@given(
    path=st.sampled_from(["customers", "customers/1", "sop_orders", "products", "x"]),
    options=OPTIONS,
)
def test_any_query_is_answered(attacker, path, options):
    """No query string makes the sandbox fail."""
    query = "&".join(f"{name}={quoted(text)}" for name, text in options.items())
    answered(attacker.send("GET", f"{path}?{query}"))


@given(
    path=st.sampled_from(WRITERS) | st.just("customers/1"),
    method=st.sampled_from(["POST", "PUT"]),
    body=BODIES,
)
@settings(deadline=None)
def test_any_body_is_answered(attacker, path, method, body):
    """No body makes the sandbox fail, whatever resource it is sent to."""
    answered(attacker.send(method, path, body))


@given(
    path=st.text(st.characters(min_codepoint=1), max_size=20),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
)
def test_any_path_is_answered(attacker, path, method):
    """No path makes the sandbox fail."""
    answered(attacker.send(method, quoted(path)))


@given(
    values=st.dictionaries(
        st.sampled_from(
            ["redirect_uri", "state", "scope", "code_challenge", "decision"]
        ),
        st.text(max_size=20) | st.sampled_from(["http://h/", "http://[", "x:y"]),
    )
)
def test_any_authorization_request_is_answered(attacker, values):
    """No parameter of a sign-in makes the sandbox fail."""
    pairs = {"response_type": "code", "client_id": CLIENT_ID, **values}
    query = "&".join(f"{name}={quoted(text)}" for name, text in pairs.items())
    status, _ = attacker.send("GET", f"{attacker.sandbox.url}/authorize?{query}")
    assert status in {302, 400}


@given(
    form=st.dictionaries(
        st.sampled_from(["grant_type", "client_id", "code", "refresh_token", "x"]),
        st.text(max_size=20)
        | st.sampled_from(["authorization_code", "refresh_token", CLIENT_ID]),
    ),
    body=st.none() | st.binary(max_size=40),
)
def test_any_token_request_is_answered(attacker, form, body):
    """No form makes the token endpoint fail."""
    text = "&".join(f"{name}={quoted(value)}" for name, value in form.items())
    data = text.encode() if body is None else body
    url = f"{attacker.sandbox.url}/oauth/token"
    status, text = attacker.send("POST", url, data, Content_Type=FORM)
    assert status in {400, 401, 403}
    assert json.loads(text)["error"]
