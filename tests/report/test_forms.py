"""The forms that `inspect --write-map` writes load as they are, and with every line made live."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govlab import LogError, ingest, inspect_log, load_bundle, replay, scan_log
from govlab.inspection import Inspection
from govlab.log.maps import load_map
from govlab.report.columnmap import column_map_text
from govlab.report.deriveform import derive_form_text
from govlab.report.inspection import inspection_html, inspection_text
from govlab.report.yaml_form import cel_text, quoted

HEADER = ["When", "Agent ID", "functionName", "payload", "verdict", "user_email", "aws_account",
          "path", "colour", "labels"]  # fmt: skip
HOSTILE = 'x": [\n# {y}: \x1b[2J\u202e\x85\u2028 \'"\\'
ROWS = [
    ["2026-01-05 10:00:00", "support-bot", "send_email", '{"to": "ann@example.com"}', "flagged",
     "ann@example.com", "acme-prod-1", "/srv/prod/x", "red", "a;b"],
    ["2026-01-05 10:01:00", HOSTILE, "delete_user", '{"id": 3}', "allow", "bob@example.com",
     "acme-dev-2", HOSTILE, HOSTILE, "a"],
    ["2026-01-06 09:00:00", "z", HOSTILE, "{}", HOSTILE, "eve@example.com", HOSTILE,
     "/srv/x/y", "blue", "b"],
]  # fmt: skip


def table(path: Path, rows: list[list[str]], header: list[str] = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def live(text: str) -> str:
    """The form with every line of it made live, as a user would remove the marks."""
    body = text.partition("\n\n")[2]
    marks = re.compile(r"^#  ( *\S+:$| *- )", re.MULTILINE)
    return marks.sub(r"  \1", body.replace("# derive:", "derive:"))


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inspection:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return inspect_log(table(tmp_path / "calls.csv", ROWS))


def test_a_foreign_table_is_inspected_as_far_as_its_columns_go(foreign: Inspection) -> None:
    assert "table without `tool` or `action`" in foreign.unread
    guesses = {guess.source: guess.target for guess in foreign.tables[0].guesses}
    assert guesses == {
        "When": "ts", "Agent ID": "actor", "functionName": "tool", "payload": "args",
        "verdict": "decision", "user_email": "principal", "aws_account": "account",
        "path": "resource", "colour": None, "labels": "risk_tags",
    }  # fmt: skip
    assert foreign.tables[0].local_times == ("When",)
    assert set(foreign.tables[0].words) == {"flagged", HOSTILE}
    assert foreign.to_dict()["unread"] == foreign.unread


def test_one_cell_that_is_no_time_hides_no_column_of_times(tmp_path: Path) -> None:
    rows = [["2026-03-01 08:00:00", "a"]] * 3 + [["soon", "b"]]
    found = inspect_log(table(tmp_path / "calls.csv", rows, ["when", "called"]))
    assert {g.source: g.target for g in found.tables[0].guesses} == {"when": "ts", "called": "tool"}
    page = inspection_text(found)
    assert f"govlab ingest {tmp_path / 'calls.csv'} --map map.yaml --out log" in page


def test_lists_are_shown_as_lists(tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    pl.DataFrame({"Fn": ["a"], "labels": [["x", "y"]]}).write_parquet(path)
    (guess,) = (g for g in inspect_log(path).tables[0].guesses if g.source == "labels")
    assert guess.examples == ("['x', 'y']",)


def test_its_map_loads_and_ingests_once_the_zone_is_named(
    foreign: Inspection, tmp_path: Path
) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(column_map_text(foreign), encoding="utf-8")
    loaded = load_map(path)
    assert loaded.columns["tool"].column == "functionName"
    assert loaded.columns["risk_tags"].split == ";"
    assert (loaded.tz, loaded.decisions) == (None, {})
    named = path.read_text(encoding="utf-8").replace("# tz: Europe/Berlin", "tz: UTC")
    path.write_text(named, encoding="utf-8")
    report = ingest([tmp_path / "calls.csv"], tmp_path / "log", map=path)
    assert (report.events, report.quarantined) == (3, 0)
    rows = scan_log(tmp_path / "log").select("tool", "actor", "malformed_columns").collect()
    assert rows.get_column("tool").to_list() == ["send_email", "delete_user", HOSTILE]
    assert rows.get_column("malformed_columns").null_count() == 3


def test_a_form_shows_no_person_and_no_secret(foreign: Inspection) -> None:
    for text in (column_map_text(foreign), derive_form_text(foreign), inspection_text(foreign)):
        assert "ann@" not in text
        assert "bob@" not in text
        assert all(line.isprintable() for line in text.splitlines())


def bundle(folder: Path, form: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "bundle.yaml"
    path.write_text(f"name: b\n{form}", encoding="utf-8")
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "p.yaml").write_text(
        "name: p\nrules: [{condition: \"has(event.env) && env == 'production'\", decision: DENY}]\n"
    )
    return folder


def test_the_derive_form_loads_as_it_is_and_with_every_line_live(
    foreign: Inspection, tmp_path: Path
) -> None:
    form = derive_form_text(foreign)
    assert "FILL-IN" in live(form)
    assert len(live(form).splitlines()) > len(yaml.safe_load(form)["derive"])
    for name, text in (("as-it-is", form), ("live", live(form))):
        loaded = load_bundle(bundle(tmp_path / name, text))
        assert {"env", "workflow", "team"} >= {"env"} & {d.attribute for d in loaded.derive}
    asked = {d.attribute for d in load_bundle(tmp_path / "live").derive}
    assert asked == {"env", "workflow", "team", "data_class"}


def test_the_form_derives_what_its_live_lines_say(foreign: Inspection, tmp_path: Path) -> None:
    folder = bundle(tmp_path / "b", derive_form_text(foreign))
    log = pl.DataFrame({"tool": "t", "account": ["acme-prod-1", "acme-dev-2", "else", None]})
    decided = replay(log, folder).decided
    assert decided.get_column("decision").to_list() == ["DENY"] * 4
    assert decided.get_column("origin").to_list()[:2] == ["rule", "default"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n")),
             min_size=2, max_size=6, unique=True),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
)  # fmt: skip
def test_any_names_and_values_give_a_map_that_loads(
    tmp_path: Path, names: list[str], value: str
) -> None:
    path = tmp_path / "any.ndjson"
    path.write_text(json.dumps(dict.fromkeys(names, value)) + "\n", encoding="utf-8")
    try:
        found = inspect_log(path)
    except LogError:  # what is no table is refused
        return
    target = tmp_path / "map.yaml"
    target.write_text(column_map_text(found), encoding="utf-8")
    sources = {known.column for known in load_map(target).columns.values()}
    assert sources <= set(names)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_is_the_text_again(text: str) -> None:
    assert yaml.safe_load(quoted(text)) == text
    assert quoted(text).isprintable()
    assert yaml.safe_load(quoted(cel_text(text))) == cel_text(text)


def test_html_is_escaped(foreign: Inspection) -> None:
    page = inspection_html(foreign)
    assert "font-family:monospace" in page  # its columns stand under each other
    assert "<script" not in page
    assert page.count("<") == 2
