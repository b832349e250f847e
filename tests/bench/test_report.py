"""The report says what was measured, whatever is missing; README quotes it and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.bench import report, workload
from tests.bench.figures import Results, load
from tests.bench.jobs import Job
from tests.bench.peers import PEERS, UNAVAILABLE
from tests.bench.peers.neutral import columns
from tests.bench.report import RESULTS, ROOT, jobs, publish, quoted
from tests.bench.table import BEGIN, END, markdown, quote

ROWS = [1_000_000, 10_000_000]
SPEEDS = {"read": 1.0, "hand": 4.0, "govlab": 2.0, "memory": 1.0}


def one(at: int, job: Job, **more: Any) -> dict[str, Any]:
    return {"round": at, **asdict(job), **more}


def made(at: int, job: Job) -> dict[str, Any]:
    """A round that is `at` times slower than the first for all; the third peer is missing."""
    slower = at + 1
    if job.peer == PEERS[2].name:
        return one(at, job, failed=f"`{PEERS[2].package}` is not installed")
    if job.peer:
        rate = 10_000.0 * (1 + PEERS.index(next(p for p in PEERS if p.name == job.peer)))
        return one(at, job, per_second=rate / slower, compared=100, equal=99, peak_mb=100)
    seconds = SPEEDS[job.what] * job.rows / 1e7 * slower
    return one(at, job, seconds=seconds, peak_mb=500)


@pytest.fixture
def results() -> Results:
    found = [made(at, job) for at in range(3) for job in jobs(ROWS, [10, 100, 1000], [10, 100])]
    found.append(one(0, Job("large", 100, 100_000_000), seconds=50.0, peak_mb=900))
    return Results({"processors": "2", "polars": "2.1.0", "cedarpy": "4.12.2"}, found)


def test_a_ratio_is_taken_within_a_round(results: Results) -> None:
    slow = dict(results.found[0], round=9, seconds=1e9)  # a round that only one side has
    both = Results(results.machine, [*results.found, slow])
    assert both.faster(Job("read", 10, ROWS[0]), Job("govlab", 10, ROWS[0])) == 2.0
    assert both.median(Job("govlab", 100, ROWS[1]), "seconds") == 4.0
    assert both.per_second(Job("govlab", 100, ROWS[1])) == 2.5e6


def test_what_was_not_measured_is_named(results: Results) -> None:
    said = markdown(results)
    assert f"- {PEERS[2].name} at 100 rules: `{PEERS[2].package}` is not installed." in said
    assert all(f"- {name}: {why}." in said for name, why in UNAVAILABLE.items())
    assert "| 10 M | 100 | 2.00 | 8.00 | 4.00 | 2.50 M | 2.0x | 0.5x | 500 |" in said
    assert "| 10 M | 1000 | 2.00 | — | 4.00 | 2.50 M | 2.0x | — | 500 |" in said
    assert "| 10 M | 10 broad | 2.00 | — | 4.00 | 2.50 M | 2.0x | — | 500 |" in said
    assert "10 M rows under 1000 rules take 1.00 times the time of 10, and 1.00 times" in said


def test_a_peer_is_shown_with_its_licence_and_equality(results: Results) -> None:
    (line,) = (line for line in markdown(results).splitlines() if line.startswith("| Cedar "))
    assert line == (
        "| Cedar | `cedarpy` 4.12.2 (Apache-2.0) | 25,000 | 25,000 | 200x | 200x | 100x | 100x "
        "| 594 of 600 |"
    )


def test_the_large_log_is_shown_with_its_peak(results: Results) -> None:
    assert "100 M rows under 100 rules" in markdown(results)
    assert "50 s, 2.00 M decisions a second, peak 900 MB" in markdown(results)


def test_readme_gets_the_ratios_against_the_fastest(results: Results, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    publish(results, tmp_path / "results", readme)
    text = readme.read_text(encoding="utf-8")
    assert text == f"before\n{BEGIN}\n{quote(results)}\n{END}\nafter\n"
    assert "2.50 M decisions a second on 2 cores, 2.0x the time" in quoted(text)
    assert "0.5x that of hand-written" in quoted(text)
    assert f"decided 167x as fast as by the fastest engine compared, {PEERS[5].name}" in text
    assert "with all reading and writing it is 83x the decisions a second of that engine" in text
    assert "<svg" in (tmp_path / "results" / "replay.svg").read_text(encoding="utf-8")
    assert load(tmp_path / "results" / "replay.json") == results


def test_readme_names_no_engine_where_none_was_compared(results: Results) -> None:
    alone = Results(results.machine, [one for one in results.found if not one["peer"]])
    assert "hand-written when/then ([table]" in quote(alone)
    assert "None" not in markdown(alone) + quote(alone)


def test_readme_quotes_the_table_and_nothing_else() -> None:
    """Written by the report; without results README has no figures."""
    known = load(RESULTS) if RESULTS.exists() else None
    assert quoted((ROOT / "README.md").read_text(encoding="utf-8")) == quote(known)
    assert known is not None or not re.search(r"\d", quote(None))


def test_the_table_is_that_of_the_results() -> None:
    if not RESULTS.exists():
        assert not RESULTS.with_suffix(".md").exists(), "a table without what it was made of"
        return
    assert RESULTS.with_suffix(".md").read_text(encoding="utf-8") == markdown(load(RESULTS))


def test_every_other_engine_is_an_extra_of_the_package() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extra = declared.partition("\nbench = [")[2].partition("\n]")[0]
    assert set(re.findall(r'"([a-z-]+)[>=]', extra)) == {peer.package for peer in PEERS}
    assert all(f"# {peer.licence}" in extra for peer in PEERS)


def test_what_was_found_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Job] = []

    def found(job: Job, _work: Path) -> dict[str, Any]:
        done.append(job)
        if len(done) == 3:
            raise KeyboardInterrupt
        return {"failed": "so"} if len(done) == 2 else {"seconds": 1.0, "peak_mb": 1}

    monkeypatch.setattr(report, "_found", found)
    todo = [(0, Job("read", n, 1000)) for n in (1, 2, 3)]
    with pytest.raises(KeyboardInterrupt):
        report._measure(todo, tmp_path)
    measured = report._measure(todo, tmp_path)
    assert [job.rules for job in done] == [1, 2, 3, 2, 3], "what failed is tried again"
    assert [one["rules"] for one in measured] == [1, 2, 3]
    assert "round 1, read, 1,000 rows, 3 rules: 1.00 s" in capsys.readouterr().err


def test_a_job_that_fails_is_recorded(tmp_path: Path) -> None:
    found = report._found(Job("govlab", 3, 5), tmp_path)
    assert found["failed"].startswith("exit 1: ")
    assert json.dumps(found)


def test_ten_broad_rules_read_the_columns_of_a_thousand() -> None:
    broad, many = workload.rules(10, workload.BROAD), workload.rules(1000)
    assert set(columns(broad)) == set(columns(many))
    assert set(columns(workload.rules(10))) < set(columns(many))
