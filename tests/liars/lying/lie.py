"""What a lie is, which queries it is about, and the list of all of them."""

from dataclasses import dataclass, replace

from lying.company import KEYED, KEYLESS
from lying.replies import honest

STREAMS = frozenset(
    {
        "stream",
        "filtered",
        "plan filtered",
        "top",
        "ordered",
        "by customer",
        "unordered",
    }
)

READS = frozenset(
    {
        "read 1",
        "read 8",
        "plan 1",
        "plan 5",
        "export file",
        "export db",
        "sync first",
    }
)


@dataclass(frozen=True)
class Lie:
    """A lie: which queries it is about, and what is answered instead."""

    name: str
    concerns: object
    change: object
    blind: frozenset = frozenset()
    kinds: frozenset = frozenset({KEYED, KEYLESS})
    places: tuple = ("always",)
    earlier: bool = False
    by_count: bool = False
    always: frozenset = frozenset()

    def leaves_a_trace(self, way, when):
        """Whether this way of reading can show it, if it happens then."""
        if way.path not in self.kinds or way.name in self.blind:
            return False
        often = self.always | (STREAMS if self.by_count else frozenset())
        return way.name not in often or when in self.places

    def __repr__(self):
        return self.name


LIES = {}


def lie(name, concerns, *, blind=(), kinds=(KEYED, KEYLESS), **options):
    """Register the decorated function as a lie."""

    def register(change):
        LIES[name] = Lie(
            name, concerns, change, frozenset(blind), frozenset(kinds), **options
        )
        return change

    return register


def page(query):
    return query.is_page


def listing(query):
    return query.is_list


def top_edge(query):
    return query.is_edge and query.descends


def low_edge(query):
    return query.is_edge and not query.descends and query.order[0][0] == "id"


def counting(query):
    return query.counts


def anything(query):
    return True


def evaluated(query, service, **changes):
    """Return the honest reply to the query as the server misunderstands it."""
    return honest(replace(query, **changes), service.company.tables[query.path].rows)
