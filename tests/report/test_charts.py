"""Charts show what was counted, offline."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from govlab.errors import UsageError
from govlab.replays import Replay, replay
from govlab.report.charts import COLOURS


@pytest.fixture(scope="module")
def counted() -> Replay:
    log = pl.DataFrame(
        {"tool": ["aws-cli", "x"], "env": ["production", "<b>"], "workflow": ["a", "<script>"]}
    )
    return replay(log, "prod-safety", by=["workflow"])


def test_a_notebook_shows_svg_and_loads_nothing(counted: Replay) -> None:
    shown = counted.chart("workflow")._repr_mimebundle_()
    assert set(shown) == {"image/svg+xml"}
    assert "How is each event decided, by workflow?" in shown["image/svg+xml"]
    assert "<script" not in shown["image/svg+xml"]
    assert "href" not in shown["image/svg+xml"]


def test_the_bars_are_the_counts(counted: Replay) -> None:
    spec = counted.chart("workflow").to_dict()
    (rows,) = spec["datasets"].values()
    assert sum(row["events"] for row in rows) == counted.summary.events == 2


def test_bars_are_whole_and_say_what_they_rest_on(counted: Replay) -> None:
    (rows,) = counted.chart("workflow").to_dict()["datasets"].values()
    assert {row["group"] for row in rows} == {"a (1)", "<script> (1)"}
    assert all(row["start"] == 0 and row["end"] == 1 and row["label"] == "100 %" for row in rows)


def test_the_finding_is_the_coverage_and_where_it_is_least(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("name: one\non: [{tool: a}]\nrules: [{decision: ALLOW}]\n", encoding="utf-8")
    log = pl.DataFrame({"tool": ["a", "b"], "workflow": ["a", "<b>"], "env": ["x", "x"]})
    found = replay(log, file, by=["workflow", "env"])
    half = "A rule decides 50 % of 2 events"
    assert [found.chart(by).to_dict()["title"]["subtitle"] for by in ("workflow", "env", None)] == [
        f"{half}; least in <b>: 0 %", half, half
    ]  # fmt: skip


def test_only_what_occurs_is_in_the_legend(counted: Replay) -> None:
    (rows,) = counted.chart("workflow").to_dict()["datasets"].values()
    bars = counted.chart("workflow").to_dict()["layer"][0]
    assert set(bars["encoding"]["color"]["scale"]["domain"]) == {row["kind"] for row in rows}


# Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
TO_XYZ = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
WHITE = np.array((0.9505, 1.0, 1.089))


@pytest.mark.parametrize("sight", SIGHTS)
def test_no_two_colours_are_alike_to_any_eye(sight: str) -> None:
    seen = {kind: _lab(colour, np.array(SIGHTS[sight])) for kind, colour in COLOURS.items()}
    apart = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(seen, 2)}
    assert min(apart.values()) > 15, min(apart, key=lambda pair: apart[pair])


def _lab(colour: str, sight: Any) -> Any:
    """CIE L*a*b* of a colour as that sight sees it; a distance of 2 is just seen."""
    rgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(sight @ linear, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))


def test_a_column_that_was_not_counted(counted: Replay) -> None:
    with pytest.raises(UsageError, match="not counted by `env`"):
        counted.chart("env")
