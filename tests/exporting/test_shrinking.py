"""Failing events made small: always failing, and smaller ends."""

from __future__ import annotations

from govlab.backends.reference import Asked
from govlab.exporting.shrinking import shrunk


def test_what_does_not_matter_goes() -> None:
    asked = Asked(
        {"tool": "abc", "n": 900, "args": '{"a": 1, "b": {"c": 2}}', "tags": ["x", "y"]},
        frozenset({"env", "region"}),
    )

    def fails(given: Asked) -> bool:
        return "b" in given.event.get("args", "") and given.event.get("n", 0) > 10

    small = shrunk(asked, fails)
    assert fails(small)
    assert small.event == {"args": "b", "n": 14}
    assert small.unknown == frozenset()


def test_values_that_have_no_simpler_ones_stay() -> None:
    event = {"x": float("nan"), "f": float("inf"), "b": False, "o": None}
    assert (
        dict(shrunk(Asked(event), lambda given: len(given.event) == 4).event).keys() == event.keys()
    )
