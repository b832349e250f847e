"""Evidence of chosen events: an export's parity, a pack, two logs, fidelity; each says which."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from govlab.exporting import export_engine
from govlab.fidelity import Fidelity, check_fidelity
from govlab.log import scan_log
from govlab.registry import Registry, Written, add, open_registry
from govlab.selection import Selection, select
from tests.cli.conftest import Command
from tests.registry.conftest import LOG, NOW

WHERE = ("--where", "env == 'production'", "--last", "9d", "--tz", "Asia/Tokyo")
SAID = "only those of the last 9d, from 2026-03-07 08:15, where env == 'production'"
BUDGET = """\
name: budget
history:
  calls: {count: 'true', per: [run_id], over: permitted}
default: ALLOW
rules:
  - condition: history.calls >= 2
    decision: DENY
"""
CHOSEN = select(scan_log(LOG), Selection("env == 'production'", last="9d")).scope


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "budget.yaml"
    path.write_text(BUDGET, encoding="utf-8")
    return path


CALLS = pl.DataFrame(
    {
        "event_id": list("1234"),
        "tool": ["x"] * 4,
        "run_id": ["r"] * 4,
        "step": [0, 1, 2, 3],
        "decision": ["ALLOW", "ALLOW", "DENY", "DENY"],
        "executed": [True, True, False, False],
    }
)


def test_an_engine_is_compared_on_chosen_events(govlab: Command, tmp_path: Path) -> None:
    shown = govlab("export", "prod-safety", "--log", LOG, "--out", tmp_path / "engine", *WHERE)
    assert f"parity: {CHOSEN.selected} events decided by replay" in shown.out
    assert SAID in shown.out
    parity = json.loads((tmp_path / "engine" / "MANIFEST.json").read_text("utf-8"))["parity"]
    assert (parity["events"], parity["differences"]) == (CHOSEN.selected, 0)
    assert parity["filters"]["where"] == "env == 'production'"
    assert parity["filters"]["log_events"] == 26_365


def test_an_engine_that_remembers_does_so_from_before_the_filter(
    budget: Path, tmp_path: Path
) -> None:
    chosen = Selection("step == 3")
    made = export_engine(budget, tmp_path / "engine", log=CALLS, selection=chosen)
    assert (made.parity.events, made.parity.by) == (1, {"DENY": 1})
    whole = export_engine(budget, tmp_path / "whole", log=CALLS)
    assert whole.parity.by == {"ALLOW": 2, "DENY": 2}
    assert "filters" not in whole.to_dict()["parity"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--last", "9d"], "give `--log LOG` too"),
        (["--log", LOG, "--since", "2030-01-01"], "choose no event"),
    ],
)
def test_an_export_that_compares_nothing_is_refused(
    govlab: Command, tmp_path: Path, more: list[str], said: str
) -> None:
    shown = govlab("export", "prod-safety", "--out", tmp_path / "engine", *more)
    assert (shown.code, said in shown.err) == (2, True)
    assert not (tmp_path / "engine").exists()


def test_fidelity_of_chosen_decisions(govlab: Command, compared: tuple[Registry, Fidelity]) -> None:
    registry, _ = compared
    kept = sorted(registry.folder.rglob("*"))
    asked = ("fidelity", LOG, "--registry", registry.folder)
    page = govlab(*asked, *WHERE).out
    assert f"scope: {CHOSEN.selected} of 26,365 events of the log\n  {SAID}\n" in page
    found = json.loads(govlab(*asked, *WHERE, "--json").out)
    figure = found["figure"]
    decided = pl.col("decision").is_not_null() & (pl.col("decision") != "UNAVAILABLE")
    rows = select(scan_log(LOG), Selection("env == 'production'", last="9d")).frame
    known = rows.filter(decided.cast(pl.Boolean)).collect().height
    assert figure["denominator"] + figure["unknown"] == known
    assert found["filters"]["last"] == "9d"
    assert sorted(registry.folder.rglob("*")) == kept, "nothing is kept of a part"
    assert "leave out the filters" in govlab(*asked, "--stored", *WHERE).err


def test_fidelity_sees_the_history_before_the_filter(budget: Path, tmp_path: Path) -> None:
    kept = add(tmp_path / "registry", budget, written=Written(NOW))
    log = CALLS.with_columns(policy_digest=pl.lit(kept.digest)).lazy()
    registry = open_registry(tmp_path / "registry")
    found = check_fidelity(log, registry, selection=Selection("step >= 2"))
    assert (found.compared, found.differs, found.scope.selected) == (2, 0, 2)
    assert (check_fidelity(log, registry).compared, found.to_dict()["filters"]["where"]) == (
        4, "step >= 2",
    )  # fmt: skip


def test_a_pack_of_chosen_events_has_the_chain_of_all(govlab: Command, tmp_path: Path) -> None:
    packs = {}
    for name, more in (("all", ()), ("some", WHERE)):
        asked = ("audit", "pack", LOG, "--out", tmp_path / name, "--seed", "7")
        assert govlab(*asked, *more).code == 0
        packs[name] = json.loads((tmp_path / name / "MANIFEST.json").read_text("utf-8"))
    assert packs["all"]["filters"] is None
    assert packs["some"]["filters"]["where"] == "env == 'production'"
    assert packs["some"]["events"] == CHOSEN.selected
    assert pl.read_parquet(tmp_path / "some" / "events.parquet").height == CHOSEN.selected
    assert set(pl.read_csv(tmp_path / "some" / "sample.csv")["env"]) == {"production"}
    methods = [(tmp_path / name / "methods.md").read_text("utf-8") for name in packs]
    assert [SAID in text for text in methods] == [False, True]
    chains = [(tmp_path / name / "chain.json").read_text("utf-8") for name in packs]
    assert chains[0] == chains[1]


def test_both_logs_are_matched_whole_and_counted_in_part(govlab: Command, tmp_path: Path) -> None:
    """A partner that lies just outside of the period is a partner."""
    times = ["2026-01-05T10:00:00", "2026-01-05T23:59:59.8", "2026-01-06T12:00:00"]
    rows = pl.DataFrame({"tool": ["a", "b", "c"], "ts": times}).with_columns(
        pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_zone="UTC")
    )
    rows.write_parquet(tmp_path / "one.parquet")
    later = rows.with_columns(pl.col("ts").dt.offset_by("700ms"))
    later.write_parquet(tmp_path / "other.parquet")
    asked = ("audit", "reconcile", tmp_path / "one.parquet", tmp_path / "other.parquet",
             "--on", "tool")  # fmt: skip
    late = govlab(*asked, "--until", "2026-01-06", "--json")
    found = json.loads(late.out)
    assert (late.code, found["left"], found["right"], found["matched"]) == (0, 2, 1, 2)
    assert found["independent_scope"]["until"] == "2026-01-06T00:00:00Z"
    page = govlab(*asked, "--last", "13h").out
    assert "\nLOG only those of the last 13h, from 2026-01-05 23:00\n" in page
    assert page.endswith("INDEPENDENT_LOG only those from 2026-01-05 23:00\n")


def test_what_the_other_log_does_not_tell_is_left_out_and_said(
    govlab: Command, tmp_path: Path
) -> None:
    rows = pl.DataFrame({"tool": ["a", "b"], "env": ["dev", "prod"], "mine": ["x", "y"]})
    rows.write_parquet(tmp_path / "one.parquet")
    rows.select("tool").write_parquet(tmp_path / "other.parquet")
    asked = ("audit", "reconcile", tmp_path / "one.parquet", tmp_path / "other.parquet",
             "--on", "tool", "--within", "any")  # fmt: skip
    for where in ("env == 'prod'", "mine == 'y'"):
        shown = govlab(*asked, "--where", where)
        assert shown.code == 0
        assert "only in LOG                             0  of 1" in shown.out
        assert "INDEPENDENT_LOG left out, because nobody can tell: 2 events" in shown.out
