"""Values of enums: what is almost one of those that are known is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async import Sage200Client, Settings, catalog, field, raw
from sage200_async.catalog import Customer, SopOrder, SopOrderLineView
from sage200_async.errors import InvalidInput, InvalidValue
from sage200_async.odata.enums import near_miss
from sage200_async.odata.namespaces import known_values, names_of
from sage200_async.query.input_rules import faults_of

KNOWN = known_values(type(Customer.fields), "account_status_type")
LETTERS = st.characters(min_codepoint=65, max_codepoint=122)
client = Sage200Client(Settings(access_token="t", site="guid", company=7))


@pytest.mark.parametrize(
    "condition",
    [
        lambda c: c.account_status_type == "accountstatusactive",
        lambda c: c.account_status_type != "AccountStatusActve",
        lambda c: c.account_status_type.in_(
            ["AccountStatusHidden", "AccountStatusActiv"]
        ),
    ],
)
def test_a_misspelt_value_is_refused_in_a_condition(condition):
    """It would find nothing; the message has the value that is meant."""
    with pytest.raises(
        InvalidValue, match=r"account_status_type: .*, expected 'AccountS"
    ):
        condition(Customer.fields)


def test_a_misspelt_value_is_refused_by_keyword_and_untyped():
    """A keyword of filter and a condition on field(name) are checked alike."""
    with pytest.raises(InvalidValue, match="expected 'AccountStatusActive'; raw"):
        client.customers.filter(account_status_type="AccountStatusactive")
    with pytest.raises(InvalidValue, match="expected 'AccountStatusActive'"):
        client.customers.filter(field("account_status_type") == "AccountStatusAcitve")
    with pytest.raises(InvalidValue, match="expected 'AccountStatusActive'"):
        client.customers.filter(
            field("account_status_type").in_(["AcountStatusActive"])
        )


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("account_status_type", "Active", "AccountStatusActive"),
        ("account_status_type", "ACTIVE", "AccountStatusActive"),
        ("account_status_type", "StatusHidden", "AccountStatusHidden"),
        ("account_status_type", "EnumAccountStatusActive", "AccountStatusActive"),
    ],
)
def test_the_end_of_a_value_is_refused(name, text, meant):
    """Each way to ask for the last words of a value names the whole of it."""
    with pytest.raises(InvalidValue, match=f"got '{text}', expected '{meant}'"):
        client.customers.filter(**{name: text})
    with pytest.raises(InvalidValue, match=f"expected '{meant}'"):
        client.customers.filter(field(name).in_([meant, text]))
    with pytest.raises(InvalidValue, match=f"expected '{meant}'"):
        getattr(Customer.fields, name) != text  # noqa: B015


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Live", "EnumDocumentStatusLive"),
        ("DocumentStatusLive", "EnumDocumentStatusLive"),
        ("documentstatusLve", "EnumDocumentStatusLive"),
        ("on hold", "EnumDocumentStatusOnHold"),
        ("ON_HOLD", "EnumDocumentStatusOnHold"),
    ],
)
def test_a_value_without_its_prefix_is_refused(text, meant):
    """A document's status without Enum names the value that has it, in orders, too."""
    with pytest.raises(InvalidValue, match=f"expected '{meant}'"):
        client.sop_orders.filter(document_status=text)
    known = known_values(type(SopOrder.fields), "document_status")
    assert near_miss(text, known) == meant


def test_an_end_that_is_no_word_or_no_single_value_passes():
    """Part of a word, or what several values end in, may be another of Sage's values."""
    assert near_miss("ive", ["EnumDocumentStatusLive"]) is None
    assert near_miss("IFO", ["EnumCostingMethodTypeFIFO"]) is None
    assert near_miss("Price", ["ListPrice", "LastBuyingPrice"]) is None
    assert near_miss("Not", ["DoNotShow"]) is None
    assert near_miss("NotReq", ["EnumBackToBackStatusPONotReq"]) is not None


def test_values_that_nobody_knows_pass():
    """Sage has more values than are known; numbers and null pass as well."""
    for value in (*KNOWN, "AccountStatusClosed", "", 2, "2", None):
        assert client.customers.filter(account_status_type=value).url
    for text in (*KNOWN, "AccountStatusClosed", "", "2", None):
        assert client.customers.filter(field("account_status_type") == text).url
    misspelt = raw("account_status_type eq 'AccountStatusactive'")
    assert "AccountStatusactive" in client.customers.filter(misspelt).url
    assert client.customers.filter(short_name="accountstatusactive").url


def test_views_know_the_values_too():
    """A view's enum takes the same literals, and refuses the same slips."""
    line = SopOrderLineView.fields
    assert str(line.sop_order_line_type == "EnumLineTypeCharge").endswith("Charge'")
    with pytest.raises(InvalidValue, match="expected 'EnumLineTypeCharge'"):
        line.sop_order_line_type == "EnumLineTypecharge"  # noqa: B015


def test_a_misspelt_value_is_refused_in_an_input():
    """Writes are checked as well, in rows too, unless no rule is checked."""
    values = {"lines": [{"line_type": "EnumLineTypeStandart"}]}
    ((text, certain),) = faults_of(values, SopOrder.fields)
    assert certain
    assert text == (
        "lines[0].line_type: got 'EnumLineTypeStandart', expected 'EnumLineTypeStandard'"
    )
    assert issubclass(InvalidInput, InvalidValue)
    values = {"lines": [{"line_type": "Standard"}]}
    ((text, certain),) = faults_of(values, SopOrder.fields)
    assert certain
    assert text.endswith("got 'Standard', expected 'EnumLineTypeStandard'")


def test_no_known_value_is_a_slip_of_another():
    """Each value that is known can be asked for, of every record."""
    count = 0
    for name in catalog.__all__:
        fields = getattr(getattr(catalog, name), "fields", None)
        for enum in names_of(type(fields)) if fields else ():
            known = known_values(type(fields), enum)
            count += bool(known)
            for value in known:
                assert str(getattr(fields, enum) == value) == f"{enum} eq '{value}'"
    assert count > 50


@given(st.sampled_from(KNOWN), st.integers(0, 40), LETTERS)
def test_each_slip_of_one_letter_is_found(value, at, letter):
    """A letter too many, too few, changed or swapped, and any case, is a near miss."""
    at %= len(value)
    head, tail = value[:at], value[at + 1 :]
    swapped = head + tail[:1] + value[at] + tail[1:]
    slips = {head + letter + value[at:], head + tail, head + letter + tail, swapped}
    for slip in {*slips, value.upper(), value.lower()} - set(KNOWN):
        assert near_miss(slip, KNOWN) == value


@given(st.text("abAB", max_size=6), st.text("ab", max_size=6))
def test_a_slip_is_one_edit(text, value):
    """A near miss is what one edit makes of a value without capitals, and nothing else.

    From a capital letter on, a text may be the last words of a value.
    """
    is_slip = text != value and distance(text.lower(), value.lower()) <= 1
    assert near_miss(text, [value]) == (value if is_slip else None)


def distance(one, other):
    """Return the number of edits between two texts: letters, and swaps of two."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            edits = [rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b)]
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                edits.append(rows[i - 2][j - 2] + 1)
            row.append(min(edits))
        rows.append(row)
    return rows[-1][-1]
