"""The outcomes of all lies as a table: a lie a line, a way of reading a column."""

from lying.ways import WAYS


def lines(entries):
    """Return the lines of the table.

    Args:
        entries: The lie, the way, how it ended (several, joined by "/").
    """
    outcomes = {}
    for lie, way, ending, passed in entries:
        text = ending if passed == "passed" else "X"
        outcomes[lie, way] = text
    names = list(dict.fromkeys(lie for lie, _ in outcomes))
    ways = [str(way) for way in WAYS if any(str(way) == other for _, other in outcomes)]
    yield "r: complete and right; P, E, D, S: a PagingError, ExtractError, DecodeError"
    yield "or another Sage200Error; a dot: nothing to lie about; blank: the lie"
    yield "leaves no trace; X: the test fails"
    width = max(map(len, names))
    for row in zip(*(way.replace(" keyed", "").rjust(19) for way in ways), strict=True):
        yield f"{'':{width}}  {'  '.join(row)}"
    for name in names:
        cells = [outcomes.get((name, way), "") for way in ways]
        yield f"{name:{width}} {''.join(f'{cell:^3}' for cell in cells)}"


def letters(outcomes):
    """Return the endings of one case as letters."""
    known = {"right": "r", "PagingError": "P", "ExtractError": "E", "DecodeError": "D"}
    if not any(outcome.times_lied for outcome in outcomes):
        return "."
    return "".join(sorted({known.get(outcome.name, "S") for outcome in outcomes}))
