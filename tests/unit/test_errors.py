"""Errors: the tree in the docstring is true, and every error pickles and copies."""

import copy
import inspect
import pickle
import re

import pytest

from sage200_async import errors
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.planner import start
from sage200_async.wire.messages import Request, Response

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception)
]
PLAN = start("customers", QueryOptions(), "id", max_query_bytes=2000)[0]
VALUES = {
    "name": "balence",
    "nearest": "balance",
    "value": "1",
    "faults": ("name: missing, a new Customer needs it",),
    "verb": "delete",
    "request": Request(method="GET", path="customers"),
    "attempts": 3,
    "phase": "connect",
    "seconds": 1.5,
    "response": Response(418, {}, b"short and stout"),
    "detail": "Short and stout.",
    "retry_after": 7.0,
    "saved": (1,),
    "refused": {"description": "no"},
    "not_tried": ({"description": "later"},),
    "json_path": "$[17].balance",
    "model": "Customer",
    "raw": b"{}",
    "plan": PLAN,
    "extra": "sandbox",
    "reason": "access_denied",
    "expires_at": 1_750_000_000.0,
}


def attributes(kind):
    """Return the names of the attributes that an error class takes."""
    parameters = inspect.signature(kind.__init__).parameters.values()
    return [
        parameter.name
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    ]


def make(kind):
    """Return an error with every attribute set."""
    error = kind("message", **{name: VALUES[name] for name in attributes(kind)})
    error.plan = PLAN
    return error


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "again", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy]
)
def test_pickled_and_copied(kind, again):
    """A pickled or copied error has the same type, message and attributes."""
    error = make(kind)
    same = again(error)
    assert type(same) is kind
    assert (same.args, str(same)) == (error.args, str(error))
    for name in (*attributes(kind), "plan", "retryable"):
        assert getattr(same, name) == getattr(error, name)


def test_which_request_and_how_often():
    """A request error names the request, once, and how often it was sent."""
    request = Request(method="GET", path="customers", query="$top=5")
    error = errors.DecodeError("Customer at $.id", request=request, attempts=3)
    assert str(error) == "GET customers?$top=5: Customer at $.id (sent 3 times)"
    named = errors.ServerError(f"{request} returned 503", request=request)
    assert str(named) == "GET customers?$top=5 returned 503"


@pytest.mark.parametrize("kind", CLASSES)
def test_defaults(kind):
    """An error needs no arguments, and its attributes can still be read."""
    error = kind()
    for name in (*attributes(kind), "plan", "retryable"):
        getattr(error, name)
    assert not str(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_base(kind):
    """Every error is a Sage200Error, and none is an OSError or TimeoutError."""
    assert issubclass(kind, errors.Sage200Error)
    assert not issubclass(kind, OSError | TimeoutError)


@pytest.mark.parametrize("kind", CLASSES)
def test_no_secrets(kind):
    """No error has an attribute for a token, a key or a secret."""
    for name in attributes(kind):
        assert not re.search("token|secret|key|password|authori", name)


def tree_in_docstring():
    """Return the classes in the docstring's tree, each with its base."""
    path, pairs = [(-1, None)], []
    for line in errors.__doc__.splitlines():
        head = re.match(r" *[ │]*([├└]── )?(?=[A-Z]\w+\b)", line)
        names = re.findall(r"(?:── |· |^ +)([A-Z]\w+)", line)
        if head is None or not names:
            continue
        while path[-1][0] >= head.end():
            path.pop()
        pairs += [(name, path[-1][1]) for name in names]
        path.append((head.end(), names[-1]))
    return pairs


def test_tree():
    """The tree in the docstring has every class, under its real base."""
    tree = tree_in_docstring()
    assert sorted(name for name, _ in tree) == [kind.__name__ for kind in CLASSES]
    for name, base in tree:
        first = getattr(errors, name).__bases__[0]
        assert first.__name__ == (base or "Exception")


@pytest.mark.parametrize("kind", CLASSES)
def test_tree_names_attributes(kind):
    """The tree names every attribute that an error has."""
    for name in attributes(kind):
        assert f".{name}" in errors.__doc__


@pytest.mark.parametrize("kind", CLASSES)
def test_one_place_to_import_from(kind):
    """Tracebacks and pickles name `sage200_async.errors`, whatever file it is in."""
    assert kind.__module__ == "sage200_async.errors"
    assert getattr(errors, kind.__name__) is kind


@pytest.mark.parametrize(
    ("kind", "also"),
    [
        (errors.QueryError, ValueError),
        (errors.SettingsError, ValueError),
        (errors.UnknownFieldError, AttributeError),
        (errors.ResultError, LookupError),
        (errors.MissingExtra, ImportError),
        (errors.ClientClosed, RuntimeError),
    ],
)
def test_also(kind, also):
    """Where Python has an error of the same meaning, ours is a subclass of it."""
    assert issubclass(kind, also)


def test_retryable():
    """Only errors that may pass by themselves are retryable."""
    retryable = {kind.__name__ for kind in CLASSES if kind.retryable}
    assert retryable == {
        "TransportError",
        "ConnectError",
        "RequestTimeout",
        "IncompleteResponse",
        "RateLimited",
        "ServerError",
        "TokenUnavailable",
    }


@pytest.mark.parametrize(
    ("error", "never_sent"),
    [
        (errors.TransportError(), False),
        (errors.IncompleteResponse(), False),
        (errors.ConnectError(), True),
        (errors.RequestTimeout(), False),
        (errors.RequestTimeout(phase="connect"), True),
    ],
)
def test_never_sent(error, never_sent):
    """`never_sent` is true only if the request certainly never left."""
    assert error.never_sent is never_sent


def test_status():
    """The status is the response's; without a response, the class's."""
    assert errors.NotFound().status == 404
    assert make(errors.NotFound).status == 418
    assert errors.StatusError().status == 0
