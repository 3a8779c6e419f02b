"""Lies about pages, orders, filters and edges."""

from lying.company import KEYED, KEYLESS
from lying.lie import (
    READS,
    STREAMS,
    anything,
    evaluated,
    lie,
    listing,
    low_edge,
    page,
    top_edge,
)
from lying.odata import holds, in_order, without
from lying.replies import Reply, honest

# Pages


def _cap(size):
    @lie(f"pages end after {size}", page)
    def cap(query, reply, service, teller):
        return reply.but(rows=reply.rows[:size])


for _size in (1, 20, 29):
    _cap(_size)


@lie("half of a page", page)
def half(query, reply, service, teller):
    return reply.but(rows=reply.rows[: len(reply.rows) // 2])


@lie("a page without its last record", page)
def cut_last(query, reply, service, teller):
    return reply.but(rows=reply.rows[:-1])


@lie("a page without its first record", page, blind=STREAMS, by_count=True)
def cut_first(query, reply, service, teller):
    return reply.but(rows=reply.rows[1:])


@lie("a page without one in the middle", page, blind=STREAMS, by_count=True)
def drop_middle(query, reply, service, teller):
    middle = len(reply.rows) // 2
    inner = 0 < middle < len(reply.rows) - 1
    return reply.but(rows=reply.rows[:middle] + reply.rows[middle + inner :])


@lie("an empty page", page)
def empty_page(query, reply, service, teller):
    return reply.but(rows=[])


@lie("nothing to any query but a count", listing, blind=STREAMS, by_count=True)
def nothing(query, reply, service, teller):
    return reply.but(rows=[])


@lie("nothing at all, and no sites", anything, blind=STREAMS | {"count"})
def dead_tunnel(query, reply, service, teller):
    return Reply(rows=[])


@lie("the page before once more", page)
def page_before(query, reply, service, teller):
    before = service.last or query
    return evaluated(before, service, select=query.select)


@lie("a record twice in a page", page)
def doubled(query, reply, service, teller):
    middle = len(reply.rows) // 2
    return reply.but(rows=reply.rows[: middle + 1] + reply.rows[middle:])


@lie("two records change places", page, kinds=[KEYED])
def swapped(query, reply, service, teller):
    rows = list(reply.rows)
    if len(rows) > 1:
        rows[0], rows[-1] = rows[-1], rows[0]
    return reply.but(rows=rows)


@lie("a page of more than was asked for", page)
def ignores_top(query, reply, service, teller):
    return evaluated(query, service, top=query.top + 30)


@lie(
    "a page of another company",
    page,
    always=frozenset({"ordered", "by customer", "unordered", "top"}),
)
def other_company(query, reply, service, teller):
    rows = [_foreign(row) for row in service.company.tables[query.path].rows]
    return honest(query, rows)


def _foreign(row):
    """Return a row of a company whose keys are all higher."""
    return {
        name: value + 100_000
        if isinstance(value, int) and value is not True and value
        else value
        for name, value in row.items()
    }


# Orders and filters


@lie("no order at all", listing, blind=["ordered"], by_count=True, always=READS)
def ignores_order(query, reply, service, teller):
    return evaluated(query, service, order=())


@lie("descending served as ascending", listing, by_count=True)
def ignores_desc(query, reply, service, teller):
    return evaluated(
        query, service, order=tuple((name, False) for name, _ in query.order)
    )


@lie("numbers ordered as text", listing, by_count=True, always=READS)
def text_order(query, reply, service, teller):
    rows = service.company.tables[query.path].rows
    texts = [_Text(row) for row in rows if holds(query.filter, row)]
    ordered = in_order(texts, query.order)[query.skip :][: query.top]
    return reply.but(rows=[_selected(query, row) for row in ordered])


class _Text(dict):
    """A row whose numbers are texts where it is ordered, and numbers elsewhere."""

    def get(self, name, default=None):
        value = super().get(name, default)
        return str(value) if type(value) is int else value


def _selected(query, row):
    return {name: row[name] for name in query.select or row if name in row}


@lie(
    "another order of ties for each query",
    listing,
    blind=["by customer"],
    kinds=[KEYLESS],
)
def ties(query, reply, service, teller):
    rows = list(service.company.tables[query.path].rows)
    teller.random.shuffle(rows)
    return honest(query, rows)


@lie("$skip ignored", page)
def ignores_skip(query, reply, service, teller):
    return evaluated(query, service, skip=0)


@lie("$filter ignored", listing)
def ignores_filter(query, reply, service, teller):
    return evaluated(query, service, filter=None)


def _without(*operators):
    def change(query, reply, service, teller):
        tree = without(query.filter, lambda leaf: leaf[0] in operators)
        return evaluated(query, service, filter=tree)

    return change


lie("the lower bound ignored", listing, kinds=[KEYED])(_without("gt", "ge"))
lie("the upper bound ignored", listing, kinds=[KEYED])(_without("lt", "le"))


# Edges


@lie("nothing at both edges", lambda query: query.is_edge, by_count=True)
def no_edges(query, reply, service, teller):
    return reply.but(rows=[])


@lie("nothing at the highest edge", top_edge)
def no_top_edge(query, reply, service, teller):
    return reply.but(rows=[])


@lie("nothing at the lowest edge", low_edge)
def no_low_edge(query, reply, service, teller):
    return reply.but(rows=[])


def _shifted(reply, step):
    """Return a reply whose first record has another id."""
    first = [{**row, "id": row["id"] + step} for row in reply.rows[:1] if "id" in row]
    return reply.but(rows=first + reply.rows[1:])


@lie("a highest edge that nobody has", top_edge, kinds=[KEYED])
def high_top_edge(query, reply, service, teller):
    return _shifted(reply, 500)


@lie("a lowest edge that is too high", low_edge, kinds=[KEYED], by_count=True)
def high_low_edge(query, reply, service, teller):
    return evaluated(query, service, skip=10)


@lie("a lowest edge that nobody has", low_edge, kinds=[KEYED])
def low_low_edge(query, reply, service, teller):
    return _shifted(reply, -2)
