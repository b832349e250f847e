"""Markdown and differences: complete, and no text of a log is markup."""

from __future__ import annotations

import re

import pytest

from govlab.report.scorecard import Sheet, difference_text, sheet_markdown
from govlab.report.scorecard.first import unknown_lines
from govlab.report.scorecard.moves import moves
from govlab.report.scorecard.sections import facts
from tests.report.scorecard.documents import UNKNOWN, document

SHEET = Sheet.of(document())


def test_the_first_lines_say_level_and_scope() -> None:
    lines = sheet_markdown(SHEET).splitlines()
    assert lines[2].startswith("**Maturity level ")
    scope = "1,000 actions in 40 runs, 2026-02-01 00:00 to 2026-02-14 23:30 (zone Europe/Berlin)"
    assert lines[4] == scope


def test_a_gap_is_what_cannot_be_told_and_not_what_there_is_nothing_of() -> None:
    full = document()
    full["figures"][0] |= {"value": None, "numerator": 0, "denominator": 0, "unknown": 0}
    said = list(unknown_lines(Sheet.of(full)))
    asked = {row.id: row.question for row in SHEET.rows}
    assert said[0] == f"With action_sha256: {asked['approvals.action_mismatch_rate']}"
    assert [line.split(" The log")[0].split(" Nobody")[0] for line in said[1:]] == [
        asked["decisions.mismatch_rate"]
    ]
    bare = list(unknown_lines(Sheet.of({k: v for k, v in full.items() if k != "unknown"})))
    assert [line.startswith(asked[name]) for line, name in zip(bare, UNKNOWN, strict=True)] == [
        True, True
    ]  # fmt: skip


def test_a_column_that_many_figures_wait_for_is_one_line() -> None:
    full = document()
    names = [row.id for row in SHEET.rows[:3]]
    full["unknown"]["columns"] = [{"column": "decision", "answers": names, "helps": names[:1]}]
    first, second, *_ = unknown_lines(Sheet.of(full))  # what a column answers alone comes first
    assert first == f"With decision: 3 figures, the first: {SHEET.rows[0].question}"
    assert second == f"With decision and other columns: {SHEET.rows[0].question}"


def test_only_what_ended_before_is_called_the_period_before() -> None:
    full = document()
    begun = full["scope"]["oldest"]
    full["comparison"]["with"] |= {"newest": "2026-01-31T23:00:00+01:00"}
    assert "## Against the period before" in sheet_markdown(Sheet.of(full))
    for newest in (begun, None):
        full["comparison"]["with"] |= {"newest": newest}
        assert "## Against the other period" in sheet_markdown(Sheet.of(full))


def test_times_and_what_is_not_there_are_told_for_people() -> None:
    scope = {"oldest": "2026-02-02T00:02:08.350000Z", "tz": "Asia/Tokyo", "where": None,
             "source": {"files": 3, "privacy": None}, "left_out": {"without_time": 0}}  # fmt: skip
    assert dict(facts(scope)) == {
        "oldest action": "2026-02-02 09:02", "time zone": "Asia/Tokyo", "source": "files: 3"
    }  # fmt: skip


def test_markdown_is_tables_and_lists_and_nothing_of_the_logs() -> None:
    reader = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    text = sheet_markdown(SHEET)
    tokens = reader.MarkdownIt("commonmark").enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inner]}
    assert not {"html_block", "html_inline", "link_open", "image", "fence"} & kinds
    assert "table_open" in kinds
    bare = "".join(child.content for child in inner if child.type == "text")
    assert "://" not in re.sub(r"(`+).*?\1", "", text)  # outside code nothing links itself
    assert "@team" not in bare
    rows = sum(token.type == "tr_open" for token in tokens)
    assert rows > len(document()["figures"])


def test_a_difference_says_what_is_worse_first_and_what_is_the_same_not_at_all() -> None:
    full = document()
    compared = full["comparison"]["figures"]
    compared[0] |= {"direction": "same", "after": compared[0]["before"]}
    text = difference_text(full, full, full["comparison"])
    lines = text.splitlines()
    assert lines[0].startswith("before: 1,000 actions")
    assert f"{len(compared) - 1} figures moved, 1 stayed the same" in text
    assert compared[0]["id"] not in text
    assert lines[6].rstrip().endswith("worse")


def test_moves_are_ordered_by_how_sure_and_how_bad() -> None:
    found = moves(document()["comparison"])
    sure = [move.clear is True for move in found]
    assert sure == sorted(sure, reverse=True)
    worse = [m.direction == "worse" for m in found if m.clear]
    assert worse == sorted(worse, reverse=True)
    assert found[0].cells()[2:5] == ("-10.0 points", "-7.0 points", "-3.0 points")


def test_a_move_says_which_side_is_unknown_and_never_that_a_change_is_none() -> None:
    entry = document()["comparison"]["figures"][0]
    found = [
        entry | {"before": None, "direction": "unknown"},
        entry | {"after": None, "direction": "unknown"},
        entry | {"before": 0.5, "after": 0.50001, "direction": "worse"},
        entry | {"clear": False, "before": 0.2, "after": 0.1, "direction": "better"},
        entry | {"clear": None, "before": 0.2, "after": 0.1, "direction": "changed"},
    ]
    cells = {move.cells()[-1]: move.cells()[2] for move in moves({"figures": found})}
    assert cells == {
        "unknown before": "-",
        "unknown now": "-",
        "worse": "+<0.1 points",
        "perhaps better": "-10.0 points",
        "changed, no interval": "-10.0 points",
    }


def test_nothing_to_count_is_not_unknown() -> None:
    full = document()
    for at, unknown in ((0, 0), (1, 4)):
        full["figures"][at] |= {"value": None, "numerator": 0, "denominator": 0, "unknown": unknown}
    first, second, *_ = Sheet.of(full).rows
    assert (first.shown, second.shown) == ("nothing to count", "unknown")
