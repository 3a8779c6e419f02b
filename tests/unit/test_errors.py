"""Errors: one tree, drawn in the docstring; values that can be sent and kept."""

import copy
import inspect
import pickle
import re

import pytest

from sage200_async import errors
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.plan import begin
from sage200_async.wire.messages import Request, Response

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if each.__module__ == errors.__name__ and issubclass(each, Exception)
]
PLAN = begin("customers", QueryOptions(), "id", max_query_bytes=2000)[0]
VALUES = {
    "name": "balence",
    "nearest": "balance",
    "value": "1",
    "verb": "delete",
    "request": Request(method="GET", path="customers"),
    "attempts": 3,
    "phase": "connect",
    "seconds": 1.5,
    "response": Response(418, {}, b"short and stout"),
    "detail": "told",
    "retry_after": 7.0,
    "json_path": "$[17].balance",
    "model": "Customer",
    "raw": b"{}",
    "plan": PLAN,
    "extra": "sandbox",
    "reason": "access_denied",
}


def attributes(kind):
    """Name the attributes that an error takes."""
    parameters = inspect.signature(kind.__init__).parameters.values()
    return [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]


def make(kind):
    """Make an error with every attribute set."""
    error = kind("told", **{name: VALUES[name] for name in attributes(kind)})
    error.plan = PLAN
    return error


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "again", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy]
)
def test_sent(kind, again):
    """An error that was pickled or copied is the same, with every attribute."""
    error = make(kind)
    same = again(error)
    assert type(same) is kind
    assert str(same) == "told"
    for name in (*attributes(kind), "plan", "retryable"):
        assert getattr(same, name) == getattr(error, name)


@pytest.mark.parametrize("kind", CLASSES)
def test_defaults(kind):
    """An error needs no arguments, and its attributes can still be read."""
    error = kind()
    for name in (*attributes(kind), "plan", "retryable"):
        getattr(error, name)
    assert not str(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_base(kind):
    """Every error is caught by the base, and by nothing of asyncio's."""
    assert issubclass(kind, errors.Sage200Error)
    assert not issubclass(kind, OSError | TimeoutError)


@pytest.mark.parametrize("kind", CLASSES)
def test_no_secrets(kind):
    """No error has an attribute for a token, a key or a secret."""
    for name in attributes(kind):
        assert not re.search("token|secret|key|password|authori", name)


def drawn():
    """Read the tree in the docstring: each class with the one that it hangs from."""
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
    """The tree in the docstring has every class, under its true base."""
    tree = drawn()
    assert sorted(name for name, _ in tree) == [each.__name__ for each in CLASSES]
    for name, base in tree:
        first = getattr(errors, name).__bases__[0]
        assert first.__name__ == (base or "Exception")


@pytest.mark.parametrize("kind", CLASSES)
def test_tree_names_attributes(kind):
    """The tree names every attribute that an error has."""
    for name in attributes(kind):
        assert f".{name}" in errors.__doc__


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
    """Errors that Python has a name for go by that name too."""
    assert issubclass(kind, also)


def test_retryable():
    """Only what a later attempt may mend is worth one."""
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
    ("error", "never"),
    [
        (errors.TransportError(), False),
        (errors.IncompleteResponse(), False),
        (errors.ConnectError(), True),
        (errors.RequestTimeout(), False),
        (errors.RequestTimeout(phase="connect"), True),
    ],
)
def test_never_sent(error, never):
    """An error knows whether its request certainly never left."""
    assert error.never_sent is never


def test_status():
    """The status is the reply's, or the class's where there is no reply."""
    assert errors.NotFound().status == 404
    assert make(errors.NotFound).status == 418
    assert errors.StatusError().status == 0
