"""Companies in memory, each record with a stamp, and a server that serves them."""

import asyncio
import contextlib
import copy
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

from sage200_async import Sage200Client
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import Extraction
from sage200_async.extract.sync import sync
from sage200_async.settings import Settings
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Response

OVERLAP = 600
STARTED = datetime(2026, 3, 2, tzinfo=UTC)
STAMP = "date_time_updated"
_TOKENS = re.compile(r"\s*([()]|'(?:[^']|'')*'|[^\s()]+)")


class Company:
    """Customers by their ids."""

    def __init__(self):
        self.rows, self.next = {}, 1
        self.hidden = set()

    def visible(self):
        return [row for key, row in self.rows.items() if key not in self.hidden]


def honest(options, rows):
    """Return the rows as they are."""
    return rows


class Server:
    """Serves two companies over a transport; has a clock, and can lie.

    A *lie* is called with the request's options and the rows of the page, and
    returns others; a *view* likewise with all rows that match.
    """

    def __init__(self):
        self.companies = {"1": Company(), "2": Company()}
        self.now = STARTED
        self.sites = [{"site_id": "s", "company_id": n} for n in (1, 2)]
        self.lie = self.view = honest
        self.requests = []
        self.dies_at = None
        self.says_date = True

    async def send(self, request):
        await asyncio.sleep(0)
        self.requests.append(request)
        if self.dies_at is not None and len(self.requests) >= self.dies_at:
            raise Killed
        headers = (
            {"date": format_datetime(self.now, usegmt=True)} if self.says_date else {}
        )
        return Response(200, headers, self.answer(request).body)

    def answer(self, request):
        if request.path == "sites":
            return reply(self.sites)
        options = {name: values[0] for name, values in parse_qs(request.query).items()}
        company = self.companies[request.headers["X-Company"]]
        condition = options.get("$filter")
        rows = [
            row
            for row in company.visible()
            if condition is None or holds(condition, row)
        ]
        rows = self.view(options, rows)
        if "$count" in options:
            return reply(len(rows))
        for term in reversed(options["$orderby"].split(",")):
            name, _, direction = term.partition(" ")
            rows.sort(key=lambda row: row[name], reverse=direction == "desc")
        rows = rows[int(options.get("$skip", 0)) :][: int(options["$top"])]
        rows = self.lie(options, rows)
        return reply([served(row, options) for row in rows])


class Killed(BaseException):
    """The process ends here."""


def served(row, options):
    """Return what the server sends of a row."""
    names = options["$select"].split(",") if "$select" in options else list(row)
    expanded = options.get("$expand", "").split(",")
    names = [name for name in names if name != "contacts" or name in expanded]
    if "contacts" in expanded and "contacts" not in names:
        names.append("contacts")
    sent = {name: row[name] for name in names}
    return {name: text(value) for name, value in sent.items()}


def text(value):
    """Return a time as the server sends it, and anything else as it is."""
    stamped = hasattr(value, "isoformat")
    return value.isoformat().replace("+00:00", "Z") if stamped else value


def holds(condition, row):
    """Return whether a condition of comparisons, `and`, `or` and brackets holds."""
    tokens = _TOKENS.findall(condition)

    def either():
        value = both()
        while tokens and tokens[0] == "or":
            tokens.pop(0)
            value = both() or value
        return value

    def both():
        value = one()
        while tokens and tokens[0] == "and":
            tokens.pop(0)
            value = one() and value
        return value

    def one():
        if tokens[0] == "(":
            tokens.pop(0)
            value = either()
            tokens.pop(0)
            return value
        name, operator, text = (tokens.pop(0) for _ in range(3))
        return compared(row[name], operator, literal(text))

    return either()


def literal(text):
    """Return the value of a literal."""
    words = {"null": None, "true": True, "false": False}
    if text in words:
        return words[text]
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return int(text) if text.lstrip("-").isdigit() else datetime.fromisoformat(text)


def compared(value, operator, other):
    """Compare as SQL does: a comparison with null is not true."""
    if operator == "eq":
        return value == other
    if value is None or other is None:
        return False
    operations = {"gt": value > other, "ge": value >= other, "le": value <= other}
    return operations.get(operator, value < other)


class Scenario:
    """A server, a client of its first company, and a database for the copy."""

    def __init__(self, target):
        self.loop = asyncio.Runner()
        self.server = Server()
        self.company = self.server.companies["1"]
        settings = Settings(site="s", company=1)
        self.client = Sage200Client(settings, transport=self.server)
        self.target = target
        self.query = self.client.customers.select("id", "name", STAMP).page_size(100)

    def close(self):
        self.loop.close()

    def insert(self, count=1, name="x", stamp=True, company=None):
        """Add customers; return the key of the last."""
        company = company or self.company
        for _ in range(count):
            key, company.next = company.next, company.next + 3
            company.rows[key] = {
                "id": key,
                "name": name,
                "on_hold": False,
                "date_time_created": self.server.now,
                STAMP: self.server.now if stamp is True else stamp,
                "contacts": [],
            }
        return key

    def change(self, key, name, **ago):
        """Change a customer, as of now or some time ago."""
        stamp = self.server.now - timedelta(**ago)
        self.company.rows[key].update({"name": name, STAMP: stamp})

    def passes(self, **time):
        self.server.now += timedelta(**time)

    @contextlib.contextmanager
    def lying(self, lie=honest, view=honest):
        """Let the server lie inside."""
        self.server.lie, self.server.view = lie, view
        yield
        self.server.lie = self.server.view = honest

    def backup(self):
        return copy.deepcopy(self.company.rows)

    def sync(self, query=None, *, client=None, related="json", most=1.0, **options):
        """Sync; return the result."""
        extraction = Extraction(
            name="customers",
            query=self.query if query is None else query,
            related=related,
        )
        options = {"workers": 3, "overlap": OVERLAP} | options
        policy = DeletePolicy(max_fraction=most)
        sink = self.target()
        if self.server.dies_at is not None:
            sink.close = sink._release  # a process that is killed writes no more
        self.server.requests = []
        return self.loop.run(
            sync(
                client or self.client,
                extraction,
                sink,
                deletes=policy,
                **options,
            )
        )

    def names(self, company=None):
        """Return what the source has."""
        rows = (company or self.company).visible()
        return {row["id"]: row["name"] for row in rows}
