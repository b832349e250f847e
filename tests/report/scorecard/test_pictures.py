"""Charts: the figures' own numbers, questions as titles, files of the promised size."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from govlab.errors import UsageError
from govlab.kpi.catalog import FIGURES
from govlab.report.scorecard import Sheet, assets
from govlab.report.scorecard.drawing import SLIDE
from govlab.report.scorecard.pictures import MOST, PICTURES, chart, drawable, finding, named
from tests.report.scorecard.documents import document

DAYS = [f"2026-02-{day:02}" for day in range(1, 15)]
SHEET = Sheet.of(document(cuts={"workflow": ("a", "b", None), "day": DAYS}))


def marks(sheet: Sheet, name: str) -> list[dict[str, object]]:
    """The rows of a chart's data."""
    picture = next(p for p in PICTURES if p.name == name)
    (rows,) = chart(sheet, picture).to_dict()["datasets"].values()
    return list(rows)


def test_pictures_are_of_figures_that_exist_and_ask() -> None:
    assert all(name in FIGURES for picture in PICTURES for name in picture.figures)
    assert all(picture.question.endswith("?") for picture in PICTURES)
    assert len({picture.name for picture in PICTURES}) == len(PICTURES)


def test_marks_are_the_figures_numbers_and_unknown_says_so() -> None:
    rows = marks(SHEET, "approvals")
    assert {row["label"] for row in rows if row["value"] is None} == {"unknown"}
    known = [row for row in rows if row["value"] is not None]
    values = {f["value"] for f in document()["figures"]}
    assert known
    assert all(row["value"] in values and "of 1,000" in str(row["label"]) for row in known)


def test_days_stay_in_their_order() -> None:
    assert [row["name"] for row in marks(SHEET, "denials-by-day")] == DAYS


def test_a_day_that_has_no_interval_keeps_its_place() -> None:
    full = _of_few_runs(DAYS[0])
    picture = next(p for p in PICTURES if p.name == "denials-by-day")
    spec = chart(Sheet.of(full), picture).to_dict()
    assert [layer["encoding"]["x"]["sort"] for layer in spec["layer"]] == [DAYS, DAYS]
    assert spec["layer"][0]["encoding"]["x"]["axis"]["title"] == "day of 2026"


def test_the_finding_is_what_the_chart_shows_first() -> None:
    told = {p.name: finding(SHEET, p) for p in drawable(SHEET)}
    top = max(marks(SHEET, "denials"), key=lambda row: float(str(row["value"])))
    assert told["denials"] == f"Most: {top['name']}, {top['label']}"
    assert told["questions"].startswith("Least: ")
    assert told["waits"].startswith("Half answered within ")
    assert all(len(said) < 90 for said in told.values())


def test_where_nothing_was_found_no_place_is_named() -> None:
    full = document(cuts={"workflow": ("a", "b")})
    for part in full["cuts"]["workflow"]:
        part |= {"value": 0.0, "numerator": 0, "low": 0.0, "high": 0.1}
    picture = next(p for p in PICTURES if p.name == "denials")
    assert finding(Sheet.of(full), picture) == "Nowhere above 0.0 %"


def test_of_few_runs_no_day_is_the_finding() -> None:
    full = _of_few_runs(DAYS[3])
    picture = next(p for p in PICTURES if p.name == "denials-by-day")
    assert DAYS[3] not in finding(Sheet.of(full), picture)


def _of_few_runs(day: str) -> dict[str, Any]:
    """A document of `DAYS`, of which `day` has the highest values and no intervals."""
    full = document(cuts={"day": DAYS})
    for part in full["cuts"]["day"]:
        if part["at"] == day:
            part.update({"value": 1.0, "low": None, "high": None})
    return full


def test_of_many_parts_the_largest_are_drawn() -> None:
    many = Sheet.of(document(cuts={"tool": [f"t{n:02}" for n in range(40)]}))
    rows = marks(many, "denials")
    assert len(rows) == MOST
    assert {row["by"] for row in rows} == {"tool"}


def test_what_cannot_be_compared_is_not_drawn() -> None:
    bare = document(cuts={})
    for figure in bare["figures"]:
        figure |= {"value": None, "numerator": None, "low": None, "high": None}
    assert not list(drawable(Sheet.of(bare)))


def test_a_notebook_asks_for_a_chart_by_its_name() -> None:
    shown = named(SHEET, "denials")._repr_mimebundle_()
    assert set(shown) == {"image/svg+xml"}
    assert "Where is most denied?" in shown["image/svg+xml"]
    with pytest.raises(UsageError, match="did you mean `denials`"):
        named(SHEET, "denial")
    with pytest.raises(UsageError, match="fewer than two values"):
        named(Sheet.of(document(cuts={})), "denials")


@pytest.mark.slow
def test_each_chart_is_an_svg_and_a_slide() -> None:
    files = dict(assets(SHEET))
    names = {picture.name for picture in drawable(SHEET)}
    assert set(files) == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    for name, content in files.items():
        if name.endswith(".png"):
            assert struct.unpack(">II", content[16:24]) == SLIDE
        else:
            text = content.decode()
            assert text.startswith("<svg")
            assert "href=" not in text
            assert "<script" not in text
    question = next(p.question for p in PICTURES if p.name == "waits")
    assert question in files["waits.svg"].decode()
    assert dict(assets(SHEET)) == files
