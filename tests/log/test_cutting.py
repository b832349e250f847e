"""Arguments cut down to some paths: each of them reads as it did before."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.log.cutting import NO_OBJECT, cut
from govlab.runtime.arguments import parse, read
from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, list_of

KINDS = (BOOL, INT, DOUBLE, STRING, TIMESTAMP, list_of(STRING), list_of(INT))
KEYS = st.sampled_from(["a", "b", "c", "é"])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=4) | st.just(1e308 * 10)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)


def text_of(value: object) -> str:
    """JSON text; an infinity as the number too large for a double that it came from."""
    return json.dumps(value, ensure_ascii=False).replace("Infinity", "1e999")


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.lists(PATHS, max_size=3))
def test_every_kept_path_has_the_state_and_the_value_it_had(
    given_: dict[str, object], paths: list[tuple[str, ...]]
) -> None:
    text = text_of(given_)
    before, after = parse(text), parse(cut([text], [f"args.{'.'.join(p)}" for p in paths])[0])
    for path in paths:
        for kind in KINDS:
            assert read(before, path, kind) == read(after, path, kind)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.lists(PATHS, max_size=3))
def test_nothing_stands_in_what_is_left_but_what_lies_on_a_kept_path(
    given_: dict[str, object], paths: list[tuple[str, ...]]
) -> None:
    def walk(value: object, way: tuple[str, ...]) -> None:
        if any(way[: len(p)] == p for p in paths):
            return  # on a kept path: all of it
        assert any(p[: len(way)] == way for p in paths), "on the way to one"
        assert value in (False, None) or isinstance(value, dict)
        for key, inner in value.items() if isinstance(value, dict) else ():
            walk(inner, (*way, key))

    left = parse(cut([text_of(given_)], [f"args.{'.'.join(p)}" for p in paths])[0])
    for key, value in (left or {}).items():
        walk(value, (key,))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1, "a": 2}', '{"a": NaN}'])
def test_what_was_no_object_is_none_and_says_nothing_else(text: str) -> None:
    assert cut([text], ["args.a"]) == [NO_OBJECT]
    assert parse(NO_OBJECT) is None


@pytest.mark.parametrize(
    ("text", "paths", "left"),
    [
        ('{"a": 3.0, "b": 3}', ["args.a", "args.b"], '{"a":3.0,"b":3}'),
        ('{"a": 1e400, "b": -1e400}', ["args.a", "args.b"], '{"a":1e999,"b":-1e999}'),
        ('{"a": 12345678901234567890123}', ["args.a"], '{"a":12345678901234567890123}'),
        ('{"a": {"b": 1, "c": 2}}', ["args.a.b"], '{"a":{"b":1}}'),
        ('{"a": {"b": 1, "c": 2}}', ["args.a.b", "args.a"], '{"a":{"b":1,"c":2}}'),
        ('{"a": "secret"}', ["args.a.b"], '{"a":false}'),
        ('{"a": null}', ["args.a.b"], '{"a":null}'),
        ('{"a": 1}', [], "{}"),
        ('{"a": "\\"x\\u20ac"}', ["args.a"], '{"a":"\\"x€"}'),
    ],
)
def test_cuts(text: str, paths: list[str], left: str) -> None:
    assert cut([text], paths) == [left]
