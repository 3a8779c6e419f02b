"""What servers, gateways and attackers answer: Hypothesis strategies."""

import gzip
import json
import zlib

from answering import Answer
from hypothesis import strategies as st

HOSTILE_TEXT = st.sampled_from(
    [
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x9b31m",
        "two\r\nlines",
        "\x00",
        "\u202eright to left",
        "\ufeff",
        "x" * 5_000,
        "\U0001f4a5" * 900,
        "An error has occurred.",
        "",
    ]
)
NUMBERS = st.sampled_from(
    ["5", "6", "0", "-5", "5.0", "5e0", "1E999999999", "1e400", "9" * 30, "9" * 5000]
)
LITERALS = st.one_of(
    st.sampled_from(["null", "true", "false", "{}", "[]", "[[]]", '[{"id":5}]']),
    NUMBERS,
    HOSTILE_TEXT.map(json.dumps),
    st.sampled_from(
        ['"5"', '"Real"', r'"a\ud800"', "NaN", "-Infinity", '"2024-02-30"']
    ),
)
NAMES = ("id", "name", "Id", "ID", "urn", "code", "Message", "message", "error", "title",
         "status", "value", "errors", "@odata.count", "date_time_updated", "surprise")  # fmt: skip
NEARLY_OBJECTS = st.lists(st.tuples(st.sampled_from(NAMES), LITERALS), max_size=4).map(
    lambda pairs: "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"
)
WRAPPERS = st.sampled_from(
    ["{}", "[{}]", '{{"value":[{}]}}', '{{"@odata.context":"x","value":[{}]}}', " {}\r\n",
     '{{"value":{}}}', '{{"d":{{"results":[{}]}}}}', "[{},null]", "[{0},{0}]"]
)  # fmt: skip
RIGHT_WRAPPERS = ("{}", "[{}]", '{{"value":[{}]}}', " \t{}\r\n")
SENTENCES = HOSTILE_TEXT.map(json.dumps)
ERROR_OBJECTS = st.sampled_from(
    [
        '{"Message":%s}',
        '{"message":%s}',
        '{"Message":"The request is invalid.","ModelState":{"customer.name":[%s]}}',
        '{"error":{"code":"1","message":%s}}',
        '{"error":{"message":{"lang":"en","value":%s}}}',
        '{"odata.error":{"message":%s}}',
        '{"title":"No","status":400,"detail":%s}',
        '{"error":"invalid_request","error_description":%s}',
        '{"errors":[{"message":%s},{"message":"more"}]}',
        '[{"Message":%s}]',
        '{"ExceptionMessage":%s,"StackTrace":"at x"}',
    ]
).flatmap(lambda form: SENTENCES.map(lambda text: form % text))
PAGES = [
    b"<!DOCTYPE html><html><body>Sign in</body></html>",
    b"<html>",
    b"<Error><Message>No \x1b[31m.</Message></Error>",
    b"<?xml version='1.0'?><a/>",
    b"OK",
    b"Service Unavailable\r\n\x1b[31m",
    b"\xff\xfe[\x00]\x00",
    b"\x1f\x8b\x08\x00garbage",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 5_000 + b"]" * 5_000,
    b'{"id":5,"name":"a\xff"}',
    b'{"id":5,"name":"a\x01b"}',
    b"NaN",
    b"undefined",
    b"<" * 100_000,
    b"<message " * 8_000,
    b'"' + b"x" * 100_000 + b'"',
    b"'id': 5",
    b'{"id":5}{"id":6}',
    b'{"Message":"' + b"m" * 300_000 + b'"}',
]
RETRY_AFTER = [b"0", b"1", b"-1", b"1.5", b"9" * 400, b"soon", b"1, 2", b"Infinity", b"nan",
               "\u0661".encode(), b"Thu, 01 Jan 1970 00:00:00 GMT", b"",
               b"Fri, 31 Dec 9999 23:59:59 GMT", b"Mon, 99 Foo 2024 99:99:99", b"0x10"]  # fmt: skip
CONTENT_TYPES = [b"application/json", b"text/html", b"application/json; charset=utf-16", b"",
                 b"application/problem+json", b"application/xml", b"multipart/mixed", b"\xff",
                 b"text/plain; charset=nonsense", b"image/png"]  # fmt: skip
HEADERS = st.one_of(
    st.tuples(st.just("Retry-After"), st.sampled_from(RETRY_AFTER)),
    st.tuples(st.just("Content-Type"), st.sampled_from(CONTENT_TYPES)),
    st.sampled_from(
        [
            ("X-Request-Id", b"r-1"),
            ("X-Request-Id", b"x" * 3_000),
            ("X-Request-Id", b"\x9b31m\x1b[2J"),
            ("Set-Cookie", b"a=b"),
            ("Location", b"http://127.0.0.1:1/elsewhere"),
            ("Location", b"javascript:alert(1)"),
            ("Date", b"yesterday"),
            ("WWW-Authenticate", b'Bearer error="invalid_token"'),
            ("X-Large", b"x" * 20_000),
            ("Connection", b"Upgrade"),
        ]
    ),
)
ODD_STATUSES = (
    204,
    205,
    206,
    226,
    300,
    302,
    303,
    304,
    307,
    308,
    418,
    451,
    499,
    520,
    600,
    999,
)
STATUSES = st.one_of(
    st.just(200),
    st.sampled_from((200, 201, 202, *ODD_STATUSES)),
    st.sampled_from((400, 401, 403, 404, 408, 409, 412, 422, 429, 500, 502, 503, 504)),
    st.integers(200, 999),
)
ENCODINGS = st.sampled_from(
    ["", "", "", "gzip", "deflate", "liar", "cut", "br", "twice", "GZIP"]
)


@st.composite
def sent(draw, body, **known):
    """Answers with this body, framed and encoded in any way."""
    headers = draw(st.lists(HEADERS, max_size=2, unique_by=lambda pair: pair[0]))
    encoding = draw(ENCODINGS)
    packed = {"gzip": gzip.compress, "GZIP": gzip.compress, "deflate": zlib.compress,
              "twice": lambda data: gzip.compress(gzip.compress(data)),
              "cut": lambda data: gzip.compress(data)[:-9]}.get(encoding, bytes)  # fmt: skip
    if encoding:
        name = {"liar": "gzip", "cut": "gzip", "twice": "gzip"}.get(encoding, encoding)
        headers.append(("Content-Encoding", name.encode()))
    lies = encoding in {"liar", "cut", "twice", "br"}
    framing = draw(
        st.sampled_from(["length", "length", "chunked", "open", "short", "long"])
    )
    foreign = known.pop("foreign", False) or lies or framing in {"short", "long"}
    return Answer(
        body=packed(body),
        headers=tuple(headers),
        framing=framing,
        then=draw(st.sampled_from(["keep", "keep", "keep", "close", "reset"])),
        foreign=foreign,
        **known,
    )


def right_bodies(operation):
    """The right answers to *operation*, of those that no status contradicts."""
    record = json.dumps(dict(operation.right))
    if operation.verb == "count":
        return [
            b"7",
            b'{"count":7}',
            b'{"@odata.count":7,"value":[]}',
            b"\xef\xbb\xbf7",
        ]
    bodies = [form.format(record).encode() for form in RIGHT_WRAPPERS]
    if (
        operation.verb in {"list", "update_many"}
        or operation.resource == "suggested_products"
    ):
        bodies = bodies[1:3]
    bodies += [b"\xef\xbb\xbf" + body for body in bodies]
    return bodies + [b"", b"true", b"null"] * (operation.verb == "delete")


@st.composite
def answers(draw, operation):
    kind = draw(st.sampled_from(["right", "nearly", "foreign", "cut", "refusal"]))
    done = draw(st.booleans())
    if kind == "right":
        body = draw(st.sampled_from(right_bodies(operation)))
        status = draw(st.sampled_from([200, 201]))
        return draw(sent(body, status=status, done=True, right=True))
    if kind == "nearly":
        body = draw(WRAPPERS).format(draw(NEARLY_OBJECTS)).encode()
        return draw(sent(body, status=draw(STATUSES), done=True))
    if kind == "cut":
        record = json.dumps(dict(operation.right)).encode()
        body = record[: draw(st.integers(1, len(record) - 1))]
    else:
        body = draw(st.one_of(st.sampled_from(PAGES), ERROR_OBJECTS.map(str.encode)))
    if kind == "refusal":
        status = draw(st.sampled_from([400, 403, 404, 409, 422, 429, 307]))
        return draw(sent(body, status=status, done=False, foreign=True))
    status = draw(STATUSES)
    return draw(sent(body, status=status, done=done, foreign=True))
