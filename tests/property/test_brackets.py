"""Brackets are counted chunk by chunk, and show whether a JSON value is at its end."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from sage200_async.wire.brackets import Brackets

TEXTS = st.one_of(st.text(), st.text(alphabet='"\\\\[]{},: ab'))
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.none()),
    lambda values: st.one_of(
        st.lists(values, max_size=3), st.dictionaries(TEXTS, values, max_size=3)
    ),
    max_leaves=15,
)
DOCUMENTS = st.one_of(
    st.lists(VALUES, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=4)
)


def is_whole(text, size):
    """Return what `Brackets` thinks of *text*, in chunks of *size* bytes."""
    brackets = Brackets(*((b"[", b"]") if text.startswith(b"[") else (b"{", b"}")))
    for start in range(0, len(text), size):
        brackets.take(bytearray(text[start : start + size]))
    return brackets.match


@given(DOCUMENTS, st.integers(1, 9), st.booleans())
@example(["\\\\"], 1, False)
@example(['"]'], 2, False)
@example([{"a": '\\"'}], 3, False)
def test_only_the_whole_text_is_whole(document, size, ascii_only):
    """No beginning of a JSON value is taken for all of it, however it is cut."""
    text = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "replace")
    assert is_whole(text, size)
    assert is_whole(text + b" \r\n", size)
    assert not any(is_whole(text[:end], size) for end in range(1, len(text)))
