"""Lies about counts, wrappers, the form of a reply, clocks and changes."""

from datetime import UTC, datetime

from lying.company import KEYED
from lying.lie import STREAMS, anything, counting, evaluated, lie, listing, page
from lying.replies import Reply, date_header, honest

# Counts: alone they prove nothing of a count, so `count` asks only for odd ones.

BOUND = STREAMS | {"count"}


def _count(name, falsify, blind=BOUND):
    @lie(name, counting, blind=blind)
    def change(query, reply, service, teller):
        return falsify(query, reply, service)


_count("a count too high", lambda q, reply, s: reply.but(count=reply.count + 7))
_count("a count too low", lambda q, reply, s: reply.but(count=reply.count - 7))
_count("a count below none", lambda q, reply, s: reply.but(count=-1), ())
_count("a count of one page", lambda q, reply, s: reply.but(count=30))
_count("no records to a count", lambda q, reply, s: reply.but(count=[]), ["count"])
_count("no count but null", lambda q, reply, s: reply.but(count=None), ())
_count(
    "records to a count, 50 of them",
    lambda query, r, service: Reply(rows=service.company.tables[query.path].rows[:50]),
    ["count"],
)


# Wrappers


@lie("a next link, and half of the page", page)
def next_link(query, reply, service, teller):
    half = reply.rows[: len(reply.rows) // 2]
    return reply.but(rows=half).wrapped(odata_nextLink=f"{query.path}?$skiptoken=9")


@lie("a next link, and no record", page)
def empty_next_link(query, reply, service, teller):
    return reply.but(rows=[]).wrapped(odata_nextLink=f"{query.path}?$skiptoken=9")


@lie("a next link beside the whole page", page)
def true_next_link(query, reply, service, teller):
    return reply.wrapped(odata_nextLink=f"{query.path}?$skiptoken=9")


@lie("a count in the wrapper, and half of the page", page)
def wrapper_count(query, reply, service, teller):
    count = evaluated(query, service, counts=True).count
    half = reply.rows[: len(reply.rows) // 2]
    return reply.but(rows=half).wrapped(odata_count=count)


@lie("a count in the wrapper that is too low", page)
def low_wrapper_count(query, reply, service, teller):
    return reply.wrapped(odata_count=max(len(reply.rows) - 3, 0))


@lie("an error beside half of the page", page)
def error_beside(query, reply, service, teller):
    half = reply.rows[: len(reply.rows) // 2]
    return reply.but(rows=half).wrapped(error={"code": "500", "message": "Too slow"})


@lie("an error in place of the list, and 200", listing)
def error_object(query, reply, service, teller):
    return Reply(count={"Message": "An error has occurred."})


@lie("an error after half of the records", page)
def error_in_list(query, reply, service, teller):
    half = reply.rows[: len(reply.rows) // 2]
    return reply.but(rows=[*half, {"error": {"code": "500", "message": "Too slow"}}])


@lie("null for a list", listing)
def null(query, reply, service, teller):
    return Reply(body="null")


@lie("a web page for a list", listing)
def web_page(query, reply, service, teller):
    return Reply(body="<html><body>Sign in</body></html>", content_type="text/html")


@lie("no content", listing)
def no_content(query, reply, service, teller):
    return Reply(body="")


@lie("a list that breaks off", page)
def broken_off(query, reply, service, teller):
    text = reply.text()
    return reply.but(body=text[: len(text) * 2 // 3])


@lie("a record without its key", page, kinds=[KEYED])
def no_key(query, reply, service, teller):
    rows = list(reply.rows)
    if rows:
        middle = len(rows) // 2
        rows[middle] = {name: one for name, one in rows[middle].items() if name != "id"}
    return reply.but(rows=rows)


@lie("null in place of a record", page)
def null_record(query, reply, service, teller):
    rows = list(reply.rows)
    rows[len(rows) // 2 : len(rows) // 2 + 1] = [None] * bool(rows)
    return reply.but(rows=rows)


# Refusals


def _refuse(name, concerns):
    @lie(name, concerns)
    def change(query, reply, service, teller):
        return Reply(count={"Message": "This is not supported."}, status=400)


_refuse("a refusal of descending orders", lambda query: query.descends)
_refuse("a refusal of $skip", lambda query: query.skip > 0)
_refuse(
    "a refusal of $filter", lambda query: query.is_page and query.filter is not None
)
_refuse("a refusal of $count", counting)


# Clocks


@lie("a clock that is years ahead", anything)
def clock_ahead(query, reply, service, teller):
    return reply.but(headers=date_header(datetime(2099, 1, 1, tzinfo=UTC)))


@lie("a clock that is years behind", anything)
def clock_behind(query, reply, service, teller):
    return reply.but(headers=date_header(datetime(2001, 1, 1, tzinfo=UTC)))


@lie(
    "a replica of some hours ago",
    listing,
    blind=["ordered", "by customer", "unordered"],
    places=(1, 2, 3, "later"),
    earlier=True,
    by_count=True,
)
def stale(query, reply, service, teller):
    return honest(query, service.company.tables[query.path].earlier)


# What only a sync asks, and what only an empty table asks


@lie("nothing has changed", lambda query: query.is_of_changes, kinds=[KEYED])
def no_changes(query, reply, service, teller):
    return reply.but(rows=[]) if query.is_list else reply.but(count=0)


@lie("half of what has changed", lambda query: query.is_of_changes, kinds=[KEYED])
def half_of_changes(query, reply, service, teller):
    return (
        reply.but(rows=reply.rows[: len(reply.rows) // 2]) if query.is_list else reply
    )


@lie("none of the keys that are asked for", lambda query: query.names_keys)
def no_named_keys(query, reply, service, teller):
    return reply.but(rows=[]) if query.is_list else reply


@lie("the site of another", lambda query: query.path == "sites")
def other_site(query, reply, service, teller):
    return reply.but(rows=[{"site_id": "t", "company_id": 7, "company_name": "South"}])
