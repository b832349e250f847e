"""Arguments as Python literals: what JSON can say is read, the rest stays text, in bounded work."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.log.literal import MAX_LITERAL, literal_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)))
)
KEYS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_json_can_say_comes_through(value: dict[str, object]) -> None:
    found = literal_json(repr(value))
    assert found is not None
    assert json.loads(found) == value


@given(st.text() | st.text(alphabet="{}[]()'\"\\:,.-+0123456789aeETrNon \n"))
def test_no_text_raises(text: str) -> None:
    found = literal_json("{" + text)
    assert found is None or isinstance(json.loads(found), dict)


@pytest.mark.parametrize(
    "text",
    [
        "{'a': 1, 'a': 2}", "{1: 2}", "{None: 1}", "{'a'}", "{'a': b'x'}", "{'a': 1e999}",
        "{'a': '\\ud800'}",
        "{'a': {1, 2}}", "{'a': f()}", "{'a': x}", "{'a': 1 + 1}", "{'a': 1j}", "{**{'a': 1}}",
        "{'a': f'{x}'}", "{'a': -True}", "{'a': ...}", "{'a': lambda: 1}", "{'a': [i for i in b]}",
        "{'a': 'x'", "['a']", "", "{'a': " + "[" * 65 + "]" * 65 + "}",
        "{'a': '" + "x" * MAX_LITERAL + "'}",
    ],
)  # fmt: skip
def test_what_json_cannot_say_stays_text(text: str) -> None:
    assert literal_json(text) is None


@pytest.mark.parametrize("piece", ["\\'", "'\"", "-", "(", "{'a':", "1 if ", "\\x", "'\\d' "])
def test_hostile_texts_are_refused_in_bounded_time(piece: str) -> None:
    text = "{" + piece * ((MAX_LITERAL - 1) // len(piece))
    start = time.process_time()
    assert literal_json(text) is None
    assert time.process_time() - start < 2


def test_signs_and_displays() -> None:
    assert literal_json("{'a': -1.5, 'b': +2, 'c': (1, [True, None]), 'd': 'it\\'s'}") == (
        '{"a":-1.5,"b":2,"c":[1,[true,null]],"d":"it\'s"}'
    )
