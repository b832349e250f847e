"""Filters, one rule, and any log, in every command that reads one (J2, J3)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from govlab.cli.main import _COMMANDS as COMMANDS
from govlab.cli.main import run
from tests.cli.conftest import Command

ROWS = [
    {"event_id": "1", "ts": "2026-01-05T10:00:00Z", "tool": "aws-cli", "env": "production"},
    {"event_id": "2", "ts": "2026-01-05T23:30:00Z", "tool": "aws-cli", "env": "staging"},
    {"event_id": "3", "ts": "2026-01-06T10:00:00Z", "tool": "calculator", "env": "dev"},
    {"event_id": "4", "ts": "2026-01-06T12:00:00Z", "tool": "aws-cli", "env": None},
    {"event_id": "5", "tool": "aws-cli", "env": "production"},
]
TEXT = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_scope_is_in_the_page_and_in_the_json(govlab: Command, log: Path, seed: Path) -> None:
    filters = ("--where", "env != 'dev'", "--since", "2026-01-06", "--tz", "Europe/Berlin")
    page = govlab("replay", log, seed, *filters).out
    assert "scope: 1 of 5 events of the log; 2026-01-06 00:30 to 2026-01-06 00:30" in page
    assert "(zone Europe/Berlin)\n  only those from 2026-01-06 00:00, where env != 'dev'\n" in page
    assert "left out, because nobody can tell: 1 event without a time\n" in page
    assert "1 event where the condition cannot be answered, lacking env\n" in page
    assert "log: 1 file of table-" in page
    scope = json.loads(govlab("replay", log, seed, *filters, "--json").out)["scope"]
    assert (scope["log_events"], scope["events"]) == (5, 1)
    assert (scope["since"], scope["tz"]) == ("2026-01-06T00:00:00+01:00", "Europe/Berlin")
    assert scope["left_out"] == {"without_time": 1, "where_unanswered": 1, "lacking": ["env"]}


def test_an_unfiltered_page_names_zone_and_period(govlab: Command, log: Path, seed: Path) -> None:
    page = govlab("replay", log, seed).out
    period = "2026-01-05 10:00 to 2026-01-06 12:00 (zone UTC)"
    assert f"scope: all 5 events of the log; {period}\nlog: 1 file" in page
    assert page.startswith("coverage 60 %: 3 of 5 events")


def test_days_are_those_of_the_zone(govlab: Command, log: Path, seed: Path) -> None:
    document = json.loads(govlab("check", log, seed, "--tz", "Europe/Berlin", "--json").out)
    assert [(d["date"], d["events"]) for d in document["per_day"]] == [
        ("2026-01-05", 1), ("2026-01-06", 3),
    ]  # fmt: skip
    page = govlab("check", log, seed, "--tz", "Europe/Berlin").out
    assert "oldest event: 2026-01-05 11:00 Europe/Berlin" in page
    assert "    2026-01-05 11:00  REQUIRE_APPROVAL" in page
    assert "oldest event in scope: 2026-01-06" in govlab("check", log, seed, "--last", "12h").out


def test_no_event_in_scope_is_no_coverage(govlab: Command, log: Path, seed: Path) -> None:
    shown = govlab("check", log, seed, "--until", "2020-01-01")
    assert shown.code == 0
    assert shown.out.startswith("no events to decide under prod-safety-gate")
    assert "unknown, because there are no events" in shown.out


@pytest.mark.parametrize("command", ["check", "replay", "events"])
@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (["--where", "enviroment == 'x'"], "--where:1:1: GL101 no such attribute `enviroment`"),
        (["--since", "tomorrow"], "`--since tomorrow` is no time"),
        (["--last", "3d", "--since", "2026-01-01"], "`--last` is a period by itself"),
        (["--tz", "Mars"], "`--tz Mars`: no such time zone"),
    ],
)
def test_wrong_filters_are_exit_2(
    govlab: Command, log: Path, command: str, filters: list[str], said: str
) -> None:
    shown = govlab(command, log, *(["prod-safety"] if command == "replay" else []), *filters)
    assert (shown.code, said in shown.err) == (2, True), shown.err


@pytest.mark.parametrize("by", [["--by", "tool,env"], ["--by", "tool", "--by", "env, tool"]])
def test_by_is_repeated_or_a_list(govlab: Command, log: Path, seed: Path, by: list[str]) -> None:
    found = json.loads(govlab("replay", log, seed, *by, "--json").out)["by"]
    assert list(dict.fromkeys(group["column"] for group in found)) == ["tool", "env"]


ONE_RULE = ("--rule", "env == 'production'", "--tool", "aws-*")


def test_one_rule_stands_in_place_of_a_bundle(govlab: Command, log: Path) -> None:
    for command in ("check", "replay"):
        document = json.loads(govlab(command, log, *ONE_RULE, "--json").out)
        assert document["decisions"]["DENY"] == 2
        assert document["default"] == {"decision": "ALLOW", "events": 2}
        assert document["error"] == {"events": 1}  # no env: a rule fails closed
        assert "assumption: one rule has no default of its own" in document["notes"][0]
    page = govlab("replay", log, *ONE_RULE, "--reason", "not there").out
    assert 'by one-rule\n        env = "production"\n        not there\n' in page
    assert "note: assumption: one rule has no default of its own; what it does not" in page


def test_one_rule_is_explained(govlab: Command, log: Path) -> None:
    shown = govlab("explain", *ONE_RULE, "--log", log, "--id", "1")
    assert shown.code == 0, shown.err
    assert shown.out.startswith("DENY by rule one-rule")
    assert "\nnote: assumption: one rule has no default of its own" in shown.out
    assert "\nlog: 1 file of table-" in shown.out
    given = govlab("explain", "--rule", "env == 'x'", "--event", '{"env": "x"}', "--json")
    document = json.loads(given.out)
    assert (document["decision"], document["source"]) == ("DENY", None)
    assert len(document["assumptions"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rule", "envv == 'a'"], "--rule:1:1: GL101 no such attribute `envv`"),
        (["--rule", "true", "--decision", "deny"], "did you mean `DENY`?"),
        (["--decision", "DENY"], "`--decision` belongs to `--rule`, which is not there"),
        (["prod-safety", "--rule", "true"], "`--rule` stands in place of a bundle"),
        ([], "no bundle; name a folder"),
    ],
)
def test_one_rule_that_is_wrong(
    govlab: Command, log: Path, arguments: list[str], said: str
) -> None:
    shown = govlab("replay", log, *arguments)
    assert (shown.code, said in shown.err) == (2, True), shown.err


@pytest.mark.parametrize("command", ["check", "replay", "events"])
def test_standard_input_is_a_log(
    govlab: Command, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    bundle = ["prod-safety"] if command == "replay" else []
    shown = govlab(command, "-", *bundle, "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)["scope"]["events"] == 5


def test_ingest_reads_lines_from_standard_input(
    govlab: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    shown = govlab("ingest", "-", "--out", tmp_path / "log", "--json")
    assert json.loads(shown.out)["events"] == 5


@pytest.mark.parametrize(
    ("typed", "said"),
    [("chek", "did you mean `check`?"), ("event", "did you mean `events`?"), ("zzz", "--help")],
)
def test_a_mistyped_command_is_met_with_the_nearest(govlab: Command, typed: str, said: str) -> None:
    shown = govlab(typed, "x")
    assert (shown.code, shown.err.startswith(f"govlab: no command `{typed}`; ")) == (2, True)
    assert said in shown.err


def test_check_says_which_starter_it_took(govlab: Command, log: Path, seed: Path) -> None:
    page = govlab("check", log).out
    assert "no bundle was named, so the starter `prod-safety` was taken" in page
    assert "no bundle was named" not in govlab("check", log, seed).out
    log.write_text('{"tool": "strange"}\n{"tool": "strange"}\n', encoding="utf-8")
    page = govlab("check", log).out
    assert "none of its rules speaks of this log; other starters are " in page


def test_real_logs_say_what_they_cover(
    shared: Path,
    seed: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The example bundle on real logs covers nothing, which is no denial (J1)."""
    monkeypatch.setenv("GOVLAB_CACHE", str(tmp_path / "cache"))
    first = {"claudecode": "Bash - 199", "cloudtrail": "- kms.amazonaws.com:Decrypt 124"}
    for name, events in (("claudecode", 442), ("cloudtrail", 954)):
        assert run(["check", str(shared / "data" / "native" / name), str(seed)]) == 0
        page = capsys.readouterr().out
        lines = page.splitlines()
        assert lines[0].startswith(f"coverage 0 %: 0 of {events} events decided by a rule of ")
        assert lines[1] == "  most frequent actions that no rule speaks of:"
        assert lines[3].split() == first[name].split()
        assert f"scope: all {events} events of the log; 20" in page
        assert f"of {name}; MANIFEST " in page
        assert "oldest event: 20" in page
        assert ("cleanupPeriodDays" in page) == (name == "claudecode")
        assert "100 % DENY" not in page


WHOLE = {"audit verify", "audit checkpoint", "audit prove", "audit run", "explain"}
"""Commands of a whole chain, of one run or of one event: nothing is left to choose."""


def _commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _commands((*path, name), found)


def test_every_command_that_reads_a_log_takes_filters() -> None:
    every = dict(
        pair for name in COMMANDS
        for pair in _commands((name,), import_module(f"govlab.cli.{name}").command)
    )  # fmt: skip
    wanted = {"where", "since", "until", "last", "as_of", "tz"}
    reading = {n: {p.name for p in c.params} for n, c in every.items()}
    without = {name for name, has in reading.items() if "log" in has and not wanted <= has}
    assert without == WHOLE
