"""`govlab inspect`: pinned keys, a page a newcomer understands, files that load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from govlab.log.maps import load_map
from tests.cli.conftest import Command

ACME = Path(__file__).parents[2] / "datasets" / "acme-ops"
NATIVE = ("agentdojo", "claudecode", "cloudtrail", "langfuse", "ms_agt", "openinference",
          "scopeblind", "tau2bench", "taubench")  # fmt: skip


def test_json_has_the_pinned_keys(govlab: Command, seed: Path) -> None:
    shown = govlab("inspect", ACME, "--json")
    assert shown.code == 0, shown.err
    document = json.loads(shown.out)
    assert {"columns", "figures", "starters", "sources", "period", "agents", "tools"} <= set(
        document
    )
    assert document["events"] == 26_365
    assert {starter["name"] for starter in document["starters"]} >= {"prod-safety"}
    beside = json.loads(govlab("inspect", ACME, "--bundle", seed, "--json").out)
    (own,) = (s for s in beside["starters"] if s["name"] == str(seed))
    assert (own["shipped"], sum(own["origins"].values())) == (False, 26_365)
    rest = [s for s in beside["starters"] if s != own]
    assert {**beside, "starters": rest} == document  # the same again, but for the bundle


def test_the_page_names_every_part(govlab: Command) -> None:
    page = govlab("inspect", ACME).out
    assert "26,365 events in 4,215 runs" in page.splitlines()[0]
    for heading in ("sources", "time", "agents:", "tools:", "actions:", "recorded decisions:",
                    "columns", "what can be computed", "starters:"):  # fmt: skip
        assert any(line.startswith(heading) for line in page.splitlines()), heading
    assert all(line.isprintable() for line in page.splitlines())


def test_a_file_without_events_of_its_own_says_why(govlab: Command, tmp_path: Path) -> None:
    rows = [{"event_id": str(n), "ts": f"2026-01-05T10:0{n}:00Z", "tool": "t"} for n in range(3)]
    folder = tmp_path / "log"
    folder.mkdir()
    csv = "".join(f"{','.join(row.values())}\n" for row in rows)
    (folder / "a.csv").write_text(f"event_id,ts,tool\n{csv}", encoding="utf-8")
    (folder / "b.json").write_text(json.dumps(rows), encoding="utf-8")
    page = govlab("inspect", folder).out
    (line,) = (line for line in page.splitlines() if line.strip().startswith("b.json"))
    assert line.endswith("  3 the same as events read before")
    sources = json.loads(govlab("inspect", folder, "--json").out)["sources"]
    assert [(f["kept"], f["duplicates"]) for f in sources["files"]] == [(3, 0), (0, 3)]


def test_write_map_writes_two_files_that_load(govlab: Command, tmp_path: Path) -> None:
    log = tmp_path / "calls.csv"
    log.write_text("Agent ID,function,when\nbot,delete_x,2026-01-01T00:00:00Z\n", encoding="utf-8")
    assert govlab("inspect", log, "--last", "7d").code == 2  # there is no log to filter yet
    shown = govlab("inspect", log, "--write-map", tmp_path / "map.yaml")
    assert shown.code == 0, shown.err
    assert "is no log yet" in shown.out
    columns = load_map(tmp_path / "map.yaml").columns
    assert {name: known.column for name, known in columns.items()} == {
        "actor": "Agent ID", "tool": "function", "ts": "when",
    }  # fmt: skip
    assert "destructive" in (tmp_path / "map.derive.yaml").read_text(encoding="utf-8")
    assert (
        govlab("ingest", log, "--map", tmp_path / "map.yaml", "--out", tmp_path / "log").code == 0
    )
    again = json.loads(govlab("inspect", tmp_path / "log", "--json").out)
    assert again["events"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing-here"], "nothing-here"),
        ([str(ACME), "--write-map", "map.txt"], "no .yaml file"),
        ([str(ACME), "--bundle", "nowhere"], "nowhere"),
        ([str(ACME), "--where", "tooll == 'a'"], "did you mean `tool`?"),
    ],
)
def test_wrong_arguments_are_exit_2(govlab: Command, arguments: list[str], said: str) -> None:
    shown = govlab("inspect", *arguments)
    assert shown.code == 2
    assert said in shown.err


@pytest.mark.parametrize("source", NATIVE)
def test_real_logs(govlab: Command, shared: Path, tmp_path: Path, source: str) -> None:
    shown = govlab("inspect", shared / "data" / "native" / source, "--json")
    assert shown.code == 0, shown.err
    document = json.loads(shown.out)
    for fill in document["columns"]:
        parts = [fill[part] for part in ("filled", "absent", "malformed", "unknown")]
        assert sum(parts) == document["events"], fill
    for starter in document["starters"]:
        assert sum(starter["origins"].values()) == document["events"]
    page = govlab(
        "inspect", shared / "data" / "native" / source, "--write-map", tmp_path / "m.yaml"
    )
    assert page.code == 0
    assert all(line.isprintable() for line in page.out.splitlines())
    load_map(tmp_path / "m.yaml")
