"""What is new, gone, empty and late."""

from __future__ import annotations

import pytest

from govlab.scheduled.edition import Edition, outcome

DAYS = [f"2026-11-{day:02d}" for day in range(1, 31)]


def edition(newest: str | None, **standing: str) -> Edition:
    return Edition((), standing, newest)


@pytest.mark.parametrize(
    ("stood", "stands", "new"),
    [
        (None, "warn", True),
        (None, "unknown", True),
        ("warn", "fail", True),
        ("fail", "unknown", True),
        ("unknown", "fail", True),
        ("unknown", "warn", True),
        ("warn", "unknown", True),
        ("fail", "warn", False),
        ("fail", "fail", False),
        ("unknown", "unknown", False),
    ],
)
def test_what_is_worse_or_unknown_is_new(stood: str | None, stands: str, new: bool) -> None:
    before = edition(None) if stood is None else edition(None, x=stood)
    assert bool(outcome(edition(None, x=stands), before, []).new) is new


def test_without_a_run_before_all_that_stands_is_new() -> None:
    found = outcome(edition(DAYS[0], x="fail"), None, DAYS[:1])
    assert found.new == {"x": "fail"}
    assert found.since is None


def test_the_last_day_there_is_has_none_after_it() -> None:
    found = outcome(edition("9999-12-31"), edition("9999-12-30"), ["9999-12-31"])
    assert (found.empty, found.late) == (("9999-12-30",), ())


def test_what_stands_no_longer_is_gone() -> None:
    found = outcome(edition(None), edition(None, x="fail", y="unknown"), [])
    assert found.gone == {"x": "fail", "y": "unknown"}


@pytest.mark.parametrize(
    ("since", "days", "due", "empty", "late"),
    [
        ("01", "01 02 03", None, "", ""),
        ("01", "01 03", None, "02", ""),
        ("01", "01 03", "05", "02", "04 05"),
        ("03", "01 03", None, "", ""),  # said before
        ("03", "01 03", "02", "02", ""),
        ("03", "01 02 03", "02", "", ""),
        (None, "01 05", None, "", ""),  # where nothing was expected yet
        (None, "01 05", "05", "", ""),
        (None, "01 05", "06", "", "06"),
        (None, "01 05", "04", "04", ""),
        (None, "", "04", "", "04"),
        ("05", "01 03", None, "", "05"),  # days were taken out
        ("05", "", None, "", "05"),
        ("05", "05", "06", "", "06"),
    ],
)
def test_days_that_should_be_there(
    since: str | None, days: str, due: str | None, empty: str, late: str
) -> None:
    there = [f"2026-11-{day}" for day in days.split()]
    before = None if since is None else edition(f"2026-11-{since}")
    found = outcome(edition(max(there, default=None)), before, there, due and f"2026-11-{due}")
    assert found.empty == tuple(f"2026-11-{day}" for day in empty.split())
    assert found.late == tuple(f"2026-11-{day}" for day in late.split())
