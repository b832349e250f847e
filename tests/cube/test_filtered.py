"""A cube and a sweep of chosen events: exact on them, and they say which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import govlab
from govlab.cli.main import run
from govlab.cube import build_cube, read_cube, write_cube
from govlab.errors import UsageError
from govlab.report.replay import replay_text
from govlab.selection import Selection
from tests.cube.test_refusals import _bundle as bundle_at

ACME = Path(__file__).parents[2] / "datasets" / "acme-ops"
HOW = {"where": "tool != 'psql' && env == 'production'", "last": "9d", "tz": "Asia/Tokyo"}
FILTERS = [word for name, value in HOW.items() for word in (f"--{name}", value)]


def said(replay: Any) -> dict[str, Any]:
    """What a replay counts, and of which events."""
    document = replay.to_dict()
    counted = {n: document[n] for n in ("decisions", "default", "error", "undecidable")}
    scope = {n: v for n, v in document["scope"].items() if n != "privacy"}
    return {**counted, "scope": scope}


def test_a_cube_of_chosen_events_is_their_replay_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "c.parquet"
    write_cube(build_cube(ACME, ["prod-safety"], selection=Selection(**HOW)), out)
    there, direct = govlab.replay(out, "prod-safety", tz=HOW["tz"]), govlab.replay(
        ACME, "prod-safety", **HOW
    )  # fmt: skip
    assert 0 < direct.summary.events < 26_365
    assert said(there) == said(direct)
    assert f"only those of the last 9d, from 2026-03-07 08:15, where {HOW['where']}" in (
        replay_text(there)
    )


def test_the_page_of_a_cube_names_its_filters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["cube", str(ACME), "--bundle", "prod-safety", "--out", str(tmp_path / "c.cube")]
    assert run([*asked, *FILTERS]) == 0
    page = capsys.readouterr().out
    assert " of 26,365 events of the log; " in page
    assert f"where {HOW['where']}\n" in page
    assert run([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scope"]["where"] is None
    assert run(["cube", *asked[1:], "--since", "tomorrow"]) == 2
    assert "--since" in capsys.readouterr().err


def test_who_knows_no_filters_refuses_a_cube_of_chosen_events(tmp_path: Path) -> None:
    formats = {}
    for name, selection in (("all", Selection()), ("some", Selection("tool == 'a'"))):
        log = pl.DataFrame({"tool": ["a", "b"]})
        write_cube(build_cube(log, ["prod-safety"], selection=selection), tmp_path / f"{name}.pq")
        said = json.loads(pl.read_parquet_metadata(tmp_path / f"{name}.pq")["govlab.cube"])
        formats[name] = said["format"]
        assert read_cube(tmp_path / f"{name}.pq").origin.scope.where == selection.where
    assert formats == {"all": 1, "some": 2}


def test_a_filter_that_bundles_understand_differently_is_refused(tmp_path: Path) -> None:
    one = bundle_at(tmp_path / "a", "args.n > 1", attributes={"args.n": "int"})
    other = bundle_at(tmp_path / "b", "tool == 'b'", attributes={"args.n": "string"})
    log = pl.DataFrame({"tool": ["a"], "args": ['{"n": 1}']})
    with pytest.raises(UsageError, match="declare differently: int and string"):
        build_cube(log, [one, other], selection=Selection("string(args.n) == '1'"))
    assert build_cube(log, [one], selection=Selection("args.n == 1")).events == 1


def test_a_sweep_of_chosen_events_is_the_replay_of_each_point() -> None:
    found = govlab.sweep(ACME, "prod-safety", {"max_unattended_cost": [10.0]}, **HOW)
    direct = govlab.replay(ACME, "prod-safety", **HOW)
    assert found.cube.events == direct.summary.events
    assert found.scope.to_dict(0, (None, None)) == direct.scope.to_dict(0, (None, None))
    base = govlab.sweep(ACME, "prod-safety", {"max_unattended_cost": [5.0]}, **HOW).points[0]
    assert sum(base.decisions.values()) + base.default + base.error + base.undecidable == (
        direct.summary.events
    )


def test_the_page_of_a_sweep_names_its_filters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["--param", "max_unattended_cost=10,100"]
    assert run(["sweep", str(ACME), "prod-safety", *asked, *FILTERS]) == 0
    page = capsys.readouterr().out
    assert " of 26,365 events of the log; " in page
    assert "(zone Asia/Tokyo)\n  only those of the last 9d, from 2026-03-07 08:15, where" in page
    assert run(["sweep", str(ACME), "prod-safety", *asked, "--last", "9d", "--json"]) == 0
    scope = json.loads(capsys.readouterr().out)["scope"]
    assert (scope["last"], scope["log_events"]) == ("9d", 26_365)


def test_a_cube_takes_no_filters(tmp_path: Path) -> None:
    write_cube(build_cube(ACME, ["prod-safety"]), tmp_path / "c.cube")
    with pytest.raises(UsageError, match="filter the log it is made of"):
        govlab.sweep(tmp_path / "c.cube", "prod-safety", {"max_unattended_cost": [1.0]}, last="9d")


def test_no_event_is_chosen(tmp_path: Path) -> None:
    nothing = {"since": "2030-01-01"}
    cube = build_cube(ACME, ["prod-safety"], selection=Selection(**nothing))
    write_cube(cube, tmp_path / "c.cube")
    assert govlab.replay(tmp_path / "c.cube", "prod-safety").summary.events == cube.events == 0
    found = govlab.sweep(ACME, "prod-safety", {"max_unattended_cost": [10.0]}, **nothing)
    assert found.points[0].figures["denied"].value is None
