"""A scorecard with a registry and stored checks: whose word each figure rests on."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from govlab.assess import Scorecard, scorecard
from govlab.audit.chain import verify
from govlab.audit.state import store
from govlab.errors import RegistryError
from govlab.fidelity import Fidelity
from govlab.kpi.facts import BOUND, with_facts
from govlab.kpi.knowledge import Fills, Knowledge, Told
from govlab.kpi.terms import TERMS
from govlab.log import scan_log
from govlab.registry import Registry, Written, activate, add, in_force, open_registry
from govlab.registry.force import FORCE_READS
from govlab.report.figures import scorecard_text
from govlab.sample.snapshots import SNAPSHOTS
from tests.audit.records import records
from tests.registry.conftest import LOG, NOW, acme

__all__ = ["acme"]

UNREGISTERED = "decisions.unregistered_digest_rate"


def card(registry: Registry | Path | None, **options: str) -> Scorecard:
    return scorecard(LOG, registry=registry, cuts=("tool",), **options)


@pytest.fixture
def first_only(tmp_path: Path) -> Registry:
    """A registry that never heard of the second snapshot."""
    first, folder = SNAPSHOTS[0], tmp_path / "first"
    add(folder, LOG / "snapshots" / f"prod-safety-{first.version}", written=Written(NOW))
    activate(folder, first.version, at=first.since, written=Written(NOW))
    return open_registry(folder)


def test_a_registry_tells_what_the_log_cannot(acme: Registry) -> None:
    alone, told = card(None, last="7d"), card(acme.folder, last="7d")
    assert alone.scope["snapshot_in_force"] == "self-reported"
    assert (alone.scope["registry"], alone.figure(UNREGISTERED).value.value) == (None, None)
    assert told.scope["snapshot_in_force"] == "registry"
    assert told.scope["registry"]["head"] == acme.entries[-1].hash
    assert told.figure(UNREGISTERED).value.numerator == 0
    assert UNREGISTERED in alone.unknown.untold
    assert UNREGISTERED not in told.unknown.untold
    assert str(acme.folder) in scorecard_text(told)
    assert json.dumps(told.to_dict())


def test_decisions_under_another_snapshot_are_counted_and_shown(first_only: Registry) -> None:
    found = card(first_only)
    rows = in_force(scan_log(LOG), first_only)
    decided = pl.col("decision").is_not_null() & (
        pl.col("decision").cast(pl.String) != "UNAVAILABLE"
    )
    wrong = rows.filter(decided & ~pl.col("digest_registered")).select("event_id").collect()
    assert wrong.height > 1000
    assert found.figure(UNREGISTERED).value.numerator == wrong.height
    assert set(found.events(UNREGISTERED)["event_id"]) == set(wrong["event_id"])
    differs = "approvals.snapshot_mismatch_rate"
    value = found.figure(differs).value
    assert found.events(differs).height == value.numerator
    assert found.events(differs, "unknown").height == value.unknown


def test_facts_that_are_there_stay_and_rest_on_what_told_them() -> None:
    rows = pl.LazyFrame({"policy_digest": ["a"], "digest_in_force": ["b"]})
    assert with_facts(rows).collect()["digest_in_force"].to_list() == ["b"]
    columns = frozenset({"approval_base", "digest_in_force"})
    fills = {"a": Fills(frozenset({"approval_policy_digest", "started_at"}))}
    term = TERMS["snapshot_differs"]
    assert Knowledge(columns, fills).sql(term) == "NULL"
    assert Knowledge(columns, fills, told=Told(FORCE_READS)).sql(term) == f"({term.sql})"


def test_what_was_replayed_is_read_and_not_done_again(
    acme: Registry, compared: tuple[Registry, Fidelity]
) -> None:
    before = card(acme, last="7d")
    assert before.figure("decisions.mismatch_rate").value.value is None
    assert "fidelity" not in before.scope["checks"]
    assert not (acme.folder / "fidelity").exists()
    registry, found = compared
    shutil.copytree(registry.folder / "fidelity", acme.folder / "fidelity")
    after = card(acme, last="7d", compare_to="previous")
    value = after.figure("decisions.mismatch_rate").value
    assert (value.numerator, value.denominator) == (found.differs, found.compared)
    assert after.scope["checks"]["fidelity"]["age_s"] == found.behind_s == 0
    assert after.comparison is not None
    (change,) = (c for c in after.comparison.changes if c.id == "decisions.mismatch_rate")
    assert change.before is None, "what is of the whole log says nothing of a period before"
    some = card(acme, where="tool == 'refund'")
    assert some.figure("decisions.mismatch_rate").value.value is None


def test_the_chain_is_as_it_was_verified_until_the_log_changes(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    records(12, ("acme", None)).write_parquet(log)
    assert scorecard(log, cuts=("tool",)).unknown.unchecked.count("audit.chain_verified") == 1
    newest = pl.read_parquet(log)["ts"].max()
    assert isinstance(newest, datetime)
    checked = newest.replace(tzinfo=UTC) - timedelta(hours=1)
    store(verify(scan_log(log)), log, checked_at=checked)
    found = scorecard(log, cuts=("tool",))
    value = found.figure("audit.chain_verified").value
    assert (value.value, value.numerator, value.denominator) == (1.0, 12, 12)
    assert found.scope["checks"]["chain_verified"]["age_s"] == 3600
    assert "12 of 12 chained records" in found.figure("audit.chain_verified").sentence
    pl.read_parquet(log).head(10).write_parquet(log)
    stale = scorecard(log, cuts=("tool",))
    assert stale.figure("audit.chain_verified").value.value is None
    assert stale.scope["checks"]["chain_verified"]["log_changed"] is True
    assert "written anew since" in scorecard_text(stale)


def test_a_folder_that_is_no_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="is no registry"):
        card(tmp_path / "nothing")


ORG = """\
derive:
  env:
    - {when: "resource.startsWith('prod-')", value: "'production'"}
    - {when: "resource.startsWith('dev-')", value: "'dev'"}
"""


def test_what_an_organisation_derives_is_cut_by_and_is_no_record(tmp_path: Path) -> None:
    org, log = tmp_path / "org.yaml", tmp_path / "log.ndjson"
    org.write_text(ORG, encoding="utf-8")
    rows = [{"event_id": str(n), "tool": "x", "decision": "ALLOW", "resource": resource}
            for n, resource in enumerate(["prod-1", "prod-2", "dev-1", "other"])]  # fmt: skip
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    plain, found = scorecard(log, cuts=("env",)), scorecard(log, cuts=("env",), org=org)
    by_env = {v.at: v.denominator for v in found.cuts["env"] if v.id == "decisions.deny_rate"}
    assert by_env == {"production": 2, "dev": 1, None: 1}
    assert found.scope["derived"] == ["env"]
    assert found.events("decisions.deny_rate", "denominator").height == 4
    where = "audit.where_actions"
    assert found.figure(where).value == plain.figure(where).value, "a derived value is no record"
    assert "not recorded: env" in scorecard_text(found)
    chosen = scorecard(log, cuts=("env",), org=org, where="env == 'production'")
    assert chosen.scope["events"] == 2


def test_a_derived_cell_answers_where_its_source_cannot() -> None:
    fills = {"a": Fills(frozenset({"tool"}))}
    columns = frozenset({"env", "derived_columns", "source_format", "tool"})
    known = Knowledge(columns, fills, told=Told(derived=frozenset({"env"})))
    rows = pl.DataFrame(
        {"env": ["production", "dev", None], "derived_columns": ["x,env", "env", None]}
    )
    told = {name: rows.select(pl.sql_expr(known.sql(TERMS[name]))).to_series().to_list()
            for name in ("in_production", "has_env")}  # fmt: skip
    assert told == {"in_production": [True, False, None], "has_env": [False, False, False]}
    assert not known.is_lacking("env")
    bound = Knowledge(
        frozenset({*BOUND, "approval_action_sha256", "action_sha256"}), {}, told=known.told
    )
    assert "',env,'" in bound.sql(TERMS["action_differs"]), "nobody approved what was derived later"
    assert Knowledge(columns, fills).is_lacking("env")
