"""A scorecard made day by day is, byte for byte, the one that reads the whole log."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.assess import Asked, Scorecard, made, scorecard, targets_named
from govlab.assess.daily import depends_on, series_of
from govlab.assess.reading import knowing
from govlab.bundle import load_bundle
from govlab.errors import UsageError
from govlab.kpi.catalog import spec_of
from govlab.log import ingest, scan_log
from govlab.registry import Registry
from govlab.replays.organisation import load_org
from govlab.scheduled import History, digest_of, open_history
from govlab.selection import Selection
from tests.registry.conftest import acme
from tests.scheduled.growing import DAYS, come, late, log_of
from tests.scheduled.stores import KINDS, opening

__all__ = ["acme"]

FEW = ("tool",)
ORG = "attributes: {cell: string}\nderive: {team: [{when: tool == 'psql', value: \"'data'\"}]}\n"


def text(card: Scorecard) -> str:
    return json.dumps(card.to_dict())  # of which pages are made


def counted(log: Path, asked: Asked, place: str | Path) -> tuple[str, list[str]]:
    """The scorecard as text, and the days that were read for it."""
    with open_history(place, series_of(log, asked, place)) as history:
        card = made(log, replace(asked, history=history))
        history.finish(card.standing())
        return text(card), _days(history)


def _days(history: History) -> list[str]:
    return sorted(name.removeprefix("parts/")[:10] for name in history.counted)


Options = Callable[[Path, Registry], Asked]
ASKED: dict[str, Options] = {
    "plain": lambda _, __: Asked(cuts=()),
    "everything": lambda path, registry: Asked(
        Selection("run.outcome != 'none' || env == 'production'", tz="Asia/Tokyo"),
        bundle=load_bundle("prod-safety"),
        registry=registry,
        org=_org(path),
        cuts=("gate", "day", "team"),
    ),
    "period": lambda _, __: Asked(
        Selection(since="2026-02-03T13:00:00Z", until="2026-02-05T06:30:00Z"), cuts=FEW
    ),
    "nothing": lambda _, __: Asked(Selection(since="2030-01-01"), cuts=()),
    "previous": lambda _, __: Asked(Selection(last="60h"), cuts=(), compare_to="previous"),
}


def _org(folder: Path) -> Any:
    (folder / "org.yaml").write_text(ORG, encoding="utf-8")
    return load_org(folder / "org.yaml")


@pytest.mark.parametrize("name", ASKED)
def test_days_merge_to_the_scorecard_of_the_whole_log(
    name: str, tmp_path: Path, acme: Registry
) -> None:
    log, asked = log_of(tmp_path / "log", DAYS[:4]), ASKED[name](tmp_path, acme)
    counted(log, asked, tmp_path / "history")
    come(log, DAYS[4])
    late(log, DAYS[2])
    whole = text(made(log, asked))
    assert counted(log, asked, tmp_path / "history")[0] == whole
    assert counted(log, asked, tmp_path / "history") == (whole, [])


def test_only_the_days_that_changed_are_read(tmp_path: Path) -> None:
    log, asked, place = log_of(tmp_path / "log", DAYS[:3]), Asked(cuts=()), tmp_path / "history"
    assert counted(log, asked, place)[1] == list(DAYS[:3])
    come(log, DAYS[3])
    assert counted(log, asked, place)[1] == [DAYS[3]]
    late(log, DAYS[1])
    assert counted(log, asked, place)[1] == [DAYS[1]]
    assert len(list((place / "parts").iterdir())) == 4  # the day as it was is gone
    named = replace(asked, targets=targets_named("govlab"), targets_from="govlab")
    assert counted(log, named, place)[1] == []  # targets are said of figures, not of days


def test_a_period_that_moves_on_reads_the_days_that_it_cuts(tmp_path: Path) -> None:
    log, place = log_of(tmp_path / "log", DAYS[:6]), tmp_path / "history"
    asked = Asked(Selection(last="60h"), cuts=())
    assert counted(log, asked, place)[1] == list(DAYS[3:6])
    come(log, DAYS[6])
    assert counted(log, asked, place)[1] == [DAYS[4], DAYS[6]]


def test_what_a_part_depends_on_is_in_its_name(tmp_path: Path, acme: Registry) -> None:
    log = log_of(tmp_path / "log", DAYS[:1])
    frame, bundle = scan_log(log), load_bundle("prod-safety")
    each = [
        Asked(cuts=()),
        Asked(cuts=("tool",)),
        Asked(Selection("env == 'production'"), cuts=()),
        Asked(Selection(tz="Asia/Tokyo"), cuts=()),
        Asked(cuts=(), bundle=bundle),
        Asked(cuts=(), bundle=replace(bundle, digest="another")),
        Asked(cuts=(), registry=acme),
        Asked(cuts=(), registry=replace(acme, entries=acme.entries[:1])),
        Asked(cuts=(), org=_org(tmp_path)),
    ]
    names = []
    for asked in each:
        spec = spec_of(cuts=asked.cuts)
        known = knowing(frame, spec, folder=log)
        names += [digest_of(depends_on(asked, spec, known, log)) for _ in range(2)]
    assert len(set(names)) == len(each)
    spec = spec_of(cuts=())
    fewer = knowing(frame.drop("env"), spec, folder=log)  # a source that tells less
    assert digest_of(depends_on(each[0], spec, fewer, log)) not in names


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"gone")])
def test_a_part_that_is_lost_or_damaged_is_made_again(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    log, asked, place = log_of(tmp_path / "log", DAYS[:2]), Asked(cuts=()), tmp_path / "history"
    whole, _ = counted(log, asked, place)
    damage(min((place / "parts").iterdir()))
    assert counted(log, asked, place) == (whole, [DAYS[0]])
    assert counted(log, asked, place) == (whole, [])


def test_two_series_in_one_place_keep_their_parts(tmp_path: Path) -> None:
    log, place = log_of(tmp_path / "log", DAYS[:2]), tmp_path / "history"
    each = [Asked(cuts=()), Asked(cuts=("tool",))]
    for asked in each:
        counted(log, asked, place)
    assert [counted(log, asked, place)[1] for asked in each] == [[], []]


def test_a_log_that_moved_with_its_history_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    log, asked = log_of(home / "log", DAYS[:2]), Asked(cuts=())
    assert len(counted(log, asked, home / "history")[1]) == 2
    home.rename(tmp_path / "moved")
    there = tmp_path / "moved"
    assert counted(there / "log", asked, there / "history")[1] == []
    (edition,) = (there / "history" / "editions").iterdir()
    assert json.loads(edition.read_bytes())["series"]["log"] == "../log"
    assert str(tmp_path) not in edition.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_comes_second_is_refused_by_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where two machines run at once, or a file system that forgets its locks."""
    log, asked = log_of(tmp_path / "log", DAYS[:1]), Asked(cuts=())
    with opening(kind, tmp_path, monkeypatch) as (place, opened):
        first, second = (History.of(opened(), series_of(log, asked)) for _ in range(2))
        whole = made(log, replace(asked, history=first))
        come(log, DAYS[1])
        other = made(log, replace(asked, history=second))
        second.finish(other.standing())
        with pytest.raises(UsageError, match=r"was written by process \d+ on .*run the command"):
            first.finish(whole.standing())
        assert counted(log, asked, place) == (text(made(log, asked)), [])


def test_a_table_and_raw_logs_are_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVLAB_CACHE", str(tmp_path / "cache"))
    rows = [
        {"ts": f"2026-01-{day:02d}T10:00:00Z", "run_id": f"r{day}", "tool": "t", "actor": "a"}
        for day in (1, 2, 3)
    ]
    raw, table = tmp_path / "raw.ndjson", tmp_path / "table.parquet"
    raw.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    pl.DataFrame(rows).with_columns(pl.col("ts").str.to_datetime(time_zone="UTC")).write_parquet(
        table
    )
    ingest([raw], tmp_path / "log")
    read = {raw: ["2026-01-01", "2026-01-02", "2026-01-03"], table: ["table-"]}
    for log, days in read.items():
        asked = Asked(cuts=())
        found, names = counted(log, asked, tmp_path / "history")
        assert found == text(made(log, asked))
        assert [name[:10] for name in names] == days or names[0].startswith("table-")
        assert counted(log, asked, tmp_path / "history") == (found, [])


def test_the_function_keeps_a_history_and_needs_a_path(tmp_path: Path) -> None:
    log, place = log_of(tmp_path / "log", DAYS[:2]), tmp_path / "history"
    whole = text(scorecard(log, cuts=FEW))
    for _ in range(2):
        assert text(scorecard(log, cuts=FEW, history=place)) == whole
    assert len(list((place / "parts").iterdir())) == 2
    with pytest.raises(UsageError, match="of a log on disk"):
        scorecard(pl.DataFrame({"tool": ["a"]}), history=place)


def test_an_edition_that_is_damaged_is_named(tmp_path: Path) -> None:
    log, asked, place = log_of(tmp_path / "log", DAYS[:1]), Asked(cuts=()), tmp_path / "history"
    counted(log, asked, place)
    (edition,) = (place / "editions").iterdir()
    edition.write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=edition.name):
        counted(log, asked, place)
