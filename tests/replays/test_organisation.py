"""An organisation file fills columns as a bundle's `derive` would, and says what it filled."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from govlab.errors import BundleError, UsageError
from govlab.log.conform import conform
from govlab.replays import replay
from govlab.replays.organisation import enrich, load_org

ORG = """\
lookups:
  agents: {table: agents.csv, key: actor, columns: {team: string, tags: list(string)}}
derive:
  team: [{when: has(agents.team), value: agents.team}]
  env: [{when: "resource.startsWith('prod-')", value: "'production'"}]
  risk_tags: [{when: has(agents.tags), value: agents.tags}]
"""
LOG = pl.LazyFrame({
    "tool": ["a", "b", "c", "d"],
    "actor": ["bot", "bot", "other", None],
    "resource": ["prod-1", "dev-1", "prod-2", None],
    "env": [None, "dev", "staging", "dev"],
    "unknown_columns": ["region,env", "", None, "actor"],
    "cost": ["1.5", None, None, None],
})  # fmt: skip


@pytest.fixture
def org(tmp_path: Path) -> Path:
    (tmp_path / "agents.csv").write_text("actor,team,tags\nbot,ops,pii;money\n", encoding="utf-8")
    path = tmp_path / "org.yaml"
    path.write_text(ORG, encoding="utf-8")
    return path


def test_what_is_derived_is_filled_and_marked(org: Path) -> None:
    rows = enrich(conform(LOG), org).collect()
    assert rows["env"].to_list() == ["production", "dev", "production", None]
    assert rows["team"].to_list() == ["ops", "ops", None, None]
    assert rows["risk_tags"].to_list() == [["pii", "money"], ["pii", "money"], None, None]
    assert rows["derived_columns"].to_list() == [
        "env,risk_tags,team", "risk_tags,team", "env", None
    ]  # fmt: skip
    assert rows["unknown_columns"][0] == "region", "what was filled is known"
    assert set(rows["unknown_columns"][2].split(",")) == {"team", "risk_tags"}, "no such columns"
    assert rows["malformed_columns"].to_list() == [None, None, None, "env"], "a rule that errs"


def test_other_columns_rows_and_their_order_are_as_they_were(org: Path) -> None:
    before = conform(LOG)
    after = enrich(before, org)
    kept = ["tool", "actor", "resource", "cost_micro_usd"]
    assert after.select(kept).collect().equals(before.select(kept).collect())
    assert after.collect_schema() == after.collect().schema


def test_columns_can_be_selected_and_filtered_after_it(org: Path) -> None:
    found = enrich(conform(LOG), org).filter(pl.col("env") == "production").select("tool")
    assert found.collect()["tool"].to_list() == ["a", "c"]


def test_a_bundle_decides_on_it_as_if_it_derived_itself(org: Path, tmp_path: Path) -> None:
    rule = "rules: [{condition: \"env == 'production' && 'pii' in risk_tags\", decision: DENY}]\n"
    alone, own = tmp_path / "alone.yaml", tmp_path / "own.yaml"
    alone.write_text(f"name: p\n{rule}", encoding="utf-8")
    own.write_text(f"name: p\n{rule}{ORG}", encoding="utf-8")
    enriched, derived = replay(enrich(conform(LOG), org), alone), replay(LOG, own)
    names = ["decision", "rule", "reason", "status", "missing"]
    assert enriched.frame.select(names).collect().equals(derived.frame.select(names).collect())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("derive: {env: [{value: \"'a'\"}]}\nrules: [{decision: DENY}]\n", "move `policies`"),
        ("derive: {env: [{value: \"'a'\"}]}\nrisk: {high: 'true'}\n", "move `risk`"),
        ("attributes: {context.n: int}\n", "no `derive`"),
    ],
)
def test_an_organisation_file_only_derives(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "org.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_org(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no organisation file at"):
        load_org(tmp_path / "org.yaml")


def test_what_is_wrong_in_it_is_said_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "org.yaml"
    path.write_text("derive: {envv: [{value: \"'a'\"}]}\n", encoding="utf-8")
    with pytest.raises(BundleError, match=r"org\.yaml:1:\d+: GL041"):
        load_org(path)
