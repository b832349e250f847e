"""Replay batch by batch: the same decisions however the log is cut, and however far a run came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import govlab
from govlab.backends.columnar import decide_frame
from govlab.backends.reference import decide
from govlab.bundle import load_bundle
from govlab.errors import UsageError
from govlab.log.store import with_list_texts
from govlab.placing import alone
from govlab.plan import compile_plan
from govlab.replays import replay, sink, stream
from govlab.replays.provenance import provenance
from govlab.replays.sink import sink_parquet
from govlab.replays.stream import Stream
from govlab.report.replay import replay_text
from tests.backends.differential import differences, plan_of, random_case
from tests.bench import workload
from tests.generators import frame_of


@pytest.fixture
def log() -> pl.LazyFrame:
    """The sample dataset."""
    return govlab.scan_log("datasets/acme-ops")


def test_only_what_is_asked_for_is_read(log: pl.LazyFrame) -> None:
    bundle = load_bundle("prod-safety")
    counted = replay(log, bundle).frame.select(pl.col("decision").value_counts()).collect()
    found = {row["decision"]: row["count"] for row in counted["decision"]}
    whole = replay(log, bundle).decided["decision"].value_counts()
    assert found == dict(whole.iter_rows())
    read = Stream(compile_plan(bundle), log, ()).reads(["decision"])
    assert "action" in read
    assert not {"event_id", "args", "run_id"} & set(read)


@pytest.mark.parametrize("rows", [3_001, 8_192])
def test_batches_do_not_matter(
    rows: int, log: pl.LazyFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Categories and lists are met in another order, and tables grow from batch to batch."""
    whole = replay(log, "prod-safety", by=["workflow"])
    decided, summary, text = whole.decided, whole.summary, replay_text(whole, show=50)
    monkeypatch.setattr(stream, "BATCH", rows)
    parts = replay(log, "prod-safety", by=["workflow"])
    assert parts.decided.equals(decided)
    assert parts.summary == summary
    assert parts.provenance() == provenance(whole.plan, decided)
    assert replay_text(parts, show=50) == text
    denied = pl.col("decision") == "DENY"
    kept = pl.concat(parts.parts(["decision", "log.tool"], denied))
    assert kept.equals(decided.filter(denied).select("decision", "log.tool"))


@pytest.mark.parametrize("seed", range(6))
def test_random_bundles_batch_by_batch(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, events, lacking = random_case(f"stream-{seed}", tmp_path, 150)
    frame = frame_of(events, lacking)
    monkeypatch.setattr(stream, "BATCH", 20)
    decided = Stream(plan, frame.lazy(), ()).frame().select(decide_frame(plan, frame).columns)
    assert decided.collect().equals(decide_frame(plan, frame))


def test_a_frame_that_was_changed_is_not_taken_for_its_log(log: pl.LazyFrame) -> None:
    """On disk the lists stand once more as texts, which then say something else."""
    untested = log.with_columns(risk_tags=pl.lit(["untested"], pl.List(pl.String)))
    before = {rule: n for rule, n, _ in replay(log, "prod-safety").summary.rules}
    after = {rule: n for rule, n, _ in replay(untested, "prod-safety").summary.rules}
    assert before["change-window/untested"] < after["change-window/untested"]
    frame = with_list_texts(log.collect(), ["risk_tags"]).with_columns(
        risk_tags=pl.lit(["untested"], pl.List(pl.String))
    )
    assert (
        replay(frame, "prod-safety").summary.rules == replay(untested, "prod-safety").summary.rules
    )


def test_lists_as_texts_are_the_lists(tmp_path: Path) -> None:
    """Empty lists, quotes and characters of every plane; a list with a null is malformed."""
    tags = [["a", 'b"c', "d,e\n"], [], None, ["🐱"], ["a", None], [""]] * 60
    frame = pl.DataFrame({"tool": ["t"] * len(tags), "risk_tags": tags})
    texts = with_list_texts(frame, ["risk_tags"])
    rules = [{"condition": f"'{w}' in risk_tags", "decision": "DENY", "reason": w}
             for w in ("a", "🐱", "")]  # fmt: skip
    plan = plan_of({"name": "p", "policies": [{"name": "q", "rules": rules}]}, tmp_path)
    decided = Stream(plan, texts.lazy(), ()).frame().select("decision", "rule", "missing").collect()
    assert decided.equals(decide_frame(plan, frame).select("decision", "rule", "missing"))
    wanted = [decide(plan, {"tool": "t", "risk_tags": t}).rule for t in tags[:6]]
    assert decided["rule"].to_list()[:6] == wanted


def test_more_rules_of_one_target_than_a_word_has_bits(tmp_path: Path) -> None:
    rules = [{"condition": f"tokens_in == {n}", "decision": "DENY", "reason": f"r{n}"}
             for n in range(150)]  # fmt: skip
    tree = {"name": "p", "default": "ALLOW",
            "policies": [{"name": "q", "on": [{"action": "x"}], "rules": rules}]}  # fmt: skip
    events = [{"event_id": str(n), "action": "x", "tokens_in": n % 151} for n in range(302)]
    assert differences(plan_of(tree, tmp_path), events, frame=pl.DataFrame(events)) == []


def test_the_neutral_workload(tmp_path: Path) -> None:
    """Absent and malformed cells, lists, patterns, sums and arguments, in several batches."""
    plan = compile_plan(load_bundle(workload.bundle(workload.rules(60), tmp_path)))
    frame = workload.rows(3_000)
    decided = decide_frame(plan, frame)
    assert decided.equals(decide_frame(plan, frame, tables=False))
    assert {"DENY", "ALLOW", "ALLOW_WITH_CONSTRAINTS"} <= set(decided["decision"])
    assert "error" in decided["status"].cast(pl.String).to_list()


class _StopError(Exception):
    """Stands for a run that is interrupted."""


def test_two_replays_do_not_write_one_file(tmp_path: Path) -> None:
    out, log = tmp_path / "out.parquet", pl.DataFrame({"tool": ["a", "b"]})
    with (
        alone(tmp_path / "out.parquet.parts" / ".lock"),
        pytest.raises(UsageError, match="is being written by another replay"),
    ):
        replay(log, "prod-safety").sink(out)
    assert not out.exists()
    replay(log, "prod-safety").sink(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet"]


def test_an_interrupted_run_is_taken_up(
    log: pl.LazyFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "ROWS", 10_000)
    result = replay(log, "prod-safety")
    once, out = tmp_path / "once.parquet", tmp_path / "out.parquet"
    sink_parquet(result.stream, once, "key")
    begun: list[int] = []
    batches = Stream.batches

    def some(self: Stream, columns: Any, start: int = 0, count: int | None = None) -> Any:
        begun.append(start)
        if len(begun) == 2:
            raise _StopError
        return batches(self, columns, start, count)

    monkeypatch.setattr(Stream, "batches", some)
    with pytest.raises(_StopError):
        sink_parquet(result.stream, out, "key")
    assert not out.exists()
    sink_parquet(result.stream, out, "key")
    assert begun == [0, 10_000, 10_000, 20_000]
    assert pl.read_parquet(out).equals(pl.read_parquet(once))
    assert pl.read_parquet(out).equals(result.frame.collect())
    assert [p.name for p in tmp_path.iterdir() if "parts" in p.name] == []


def test_another_bundle_begins_anew(log: pl.LazyFrame, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    folder = tmp_path / "out.parquet.parts"
    folder.mkdir()
    (folder / "state.json").write_text('{"key": "another", "rows": 2000000}')
    (folder / "000000.parquet").write_bytes(b"of another bundle")
    sink_parquet(replay(log, "prod-safety").stream, out, "key")
    assert pl.read_parquet(out).height == 26_365
