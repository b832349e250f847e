"""Many arguments read together are read as each of them is alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.log import plainjson
from govlab.log.plainlists import digests, read_all, sealed_all
from govlab.runtime import arguments
from tests.log.test_plainjson import OBJECTS

WRITTEN = st.builds(
    lambda value, escaped, apart: json.dumps(
        value, ensure_ascii=escaped, separators=(", ", ": ") if apart else (",", ":")
    ),
    OBJECTS,
    st.booleans(),
    st.booleans(),
)
HARD = st.sampled_from([
    '{"a":', "1}", '{} {"a":1}', '{"a":1}', "", "{", "[1]", '{"a":1,"a":2}', '{"a": 1}\n{}', "{}",
    '{"a":"', '"}', '{"a":\n1}', '{"b":"x, y"}', '{"b":"x,y"}', '{"a": 1.0}', " {}", '{"a":null}',
])  # fmt: skip


@given(st.lists(WRITTEN | HARD, max_size=12))
def test_texts(texts: list[str]) -> None:
    assert repr(read_all(texts)) == repr(list(map(plainjson.plain, texts)))
    assert digests(texts) == list(map(arguments.digest, texts))


@given(st.lists(OBJECTS | WRITTEN | HARD | st.none() | st.integers(), max_size=12))
def test_objects_and_texts(values: list[Any]) -> None:
    for value, found in zip(values, sealed_all(values), strict=True):
        text = value.strip() if isinstance(value, str) else ""
        quick = plainjson.encoded(value) if isinstance(value, dict) else plainjson.compact(text)
        assert found == (None if quick is None else (quick, arguments.digest(quick)))


@pytest.mark.parametrize("at", [0, 63, 64, 199])
def test_one_that_is_odd_leaves_the_others_as_they_are(at: int) -> None:
    texts = [f'{{"n": {n}}}' for n in range(200)]
    texts[at] = '{"n": 1, "n": 2}'
    found = read_all(texts)
    assert [place for place, each in enumerate(found) if each is None] == [at]
    assert [each[0]["n"] for each in found if each] == [n for n in range(200) if n != at]
