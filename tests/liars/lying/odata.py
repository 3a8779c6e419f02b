"""The OData 4 that a list needs: $filter, $orderby, and how nulls compare."""

import operator
import re
from datetime import UTC, datetime
from decimal import Decimal

TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()])"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_]\w*))"
)
ORDERINGS = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
WORDS = {"true": True, "false": False, "null": None}


def parse_time(text):
    """Return a time as an aware datetime; one without a zone is UTC."""
    whole, _, rest = text.replace("Z", "+00:00").partition(".")
    if rest:
        fraction, sign, zone = re.fullmatch(r"(\d+)(?:([+-])(.*))?", rest).groups()
        whole += f".{fraction[:6]:0<6}" + (f"{sign}{zone}" if sign else "")
    value = datetime.fromisoformat(whole)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def tokens(text):
    """Return the tokens of a filter as pairs of kind and value."""
    pairs, position = [], 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"no OData that this server reads: {text[position:]}")
        pairs.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return pairs


def value_of(kind, text):
    if kind == "text":
        return text[1:-1].replace("''", "'")
    if kind == "datetime":
        return parse_time(text)
    if kind == "number":
        return Decimal(text)
    return WORDS[text]


def parse_filter(text):
    """Return a filter as a tree of tuples; None where there is none.

    ``("and", left, right)``, ``("or", left, right)``, ``("not", tree)`` or
    ``(operator, field, value)``.
    """
    rest = tokens(text)[::-1]
    if not rest:
        return None
    tree = _chain(rest, "or")
    if rest:
        raise ValueError(f"not read to its end: {text}")
    return tree


def _chain(rest, word):
    """Read a chain of `or`; of `and`, which binds closer; then one term."""
    inner = (lambda: _chain(rest, "and")) if word == "or" else (lambda: _term(rest))
    tree = inner()
    while rest and rest[-1] == ("word", word):
        rest.pop()
        tree = (word, tree, inner())
    return tree


def _term(rest):
    kind, text = rest.pop()
    if (kind, text) == ("mark", "("):
        tree = _chain(rest, "or")
        if rest.pop() != ("mark", ")"):
            raise ValueError("a bracket is missing")
        return tree
    if (kind, text) == ("word", "not"):
        return ("not", _term(rest))
    _, comparison = rest.pop()
    if comparison not in {*ORDERINGS, "eq", "ne"}:
        raise ValueError(f"no comparison: {comparison}")
    return (comparison, text, value_of(*rest.pop()))


def holds(tree, row):
    """Whether a row fits. A null is equal to null only, and in no order to others."""
    if tree is None:
        return True
    word, *parts = tree
    if word == "not":
        return not holds(parts[0], row)
    if word in {"and", "or"}:
        return (all if word == "and" else any)(holds(part, row) for part in parts)
    value, other = row.get(parts[0]), parts[1]
    if word in {"eq", "ne"}:
        return (value == other) == (word == "eq")
    return value is not None and other is not None and ORDERINGS[word](value, other)


def leaves(tree):
    """Return the comparisons of a filter, as (operator, field, value)."""
    if tree is None:
        return []
    if tree[0] in {"and", "or", "not"}:
        return [leaf for part in tree[1:] for leaf in leaves(part)]
    return [tree]


def without(tree, unwanted):
    """Return the filter without the comparisons that *unwanted* picks."""
    if tree is None or (tree[0] not in {"and", "or", "not"} and unwanted(tree)):
        return None
    if tree[0] not in {"and", "or", "not"}:
        return tree
    parts = [part for part in (without(part, unwanted) for part in tree[1:]) if part]
    if not parts:
        return None
    if tree[0] == "not" or len(parts) > 1:
        return (tree[0], *parts)
    return parts[0]


def parse_order(text):
    """Return $orderby as pairs of field and whether it descends."""
    terms = [term.split() for term in text.split(",") if term.strip()]
    return [(term[0], term[1:] == ["desc"]) for term in terms]


def in_order(rows, order):
    """Return rows in an order; nulls come first, and last where it descends."""
    for name, descends in reversed(order):
        key = _sort_key(name)
        rows = sorted(rows, key=key, reverse=descends)
    return rows


def _sort_key(name):
    def key(row):
        value = row.get(name)
        return (False,) if value is None else (True, value)

    return key
