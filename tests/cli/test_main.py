"""The command group: help, exit codes, internal errors."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from govlab.cli import lint as lint_module
from govlab.cli.main import run
from tests.cli.conftest import Command


def test_help_lists_every_command_with_its_line(govlab: Command) -> None:
    shown = govlab("--help")
    assert shown.code == 0
    for name in ("demo", "check", "ingest", "fetch", "replay", "explain", "lint", "test"):
        assert f"\n  {name} " in shown.out


@pytest.mark.parametrize(
    "name", ["demo", "check", "ingest", "fetch", "replay", "explain", "lint", "test"]
)
def test_every_command_has_help_with_an_example(govlab: Command, name: str) -> None:
    shown = govlab(name, "--help")
    assert shown.code == 0
    assert f"Example: govlab {name}" in " ".join(shown.out.split())
    assert "--json" in shown.out


def test_examples_stand_on_one_line_to_be_copied(govlab: Command) -> None:
    drift = "Example: govlab drift log --registry registry --state drift.json --fail-on new\n"
    assert drift in govlab("drift", "--help").out
    sample = "Example: govlab audit sample log --n 25 --seed 7 --out workpaper.xlsx\n"
    assert sample in govlab("audit", "sample", "--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["lint"],
        ["lint", "--format", "xml", "b"],
        ["replay", "--state", "x", "a", "b"],
    ],
)
def test_wrong_usage_is_exit_2(govlab: Command, arguments: list[str]) -> None:
    shown = govlab(*arguments)
    assert shown.code == 2
    assert shown.err


def test_an_internal_error_is_exit_3_with_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lint_module, "load_bundle", broken)
    assert run(["lint", "x"]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_package_and_its_help_are_light() -> None:
    code = (
        "import sys, govlab, govlab.cli.main\n"
        "heavy = ('polars', 'altair', 'pyarrow', 'yaml', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m govlab --help | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_json_is_one_document(govlab: Command, seed: object) -> None:
    shown = govlab("lint", str(seed), "--json")
    assert json.loads(shown.out) == {"findings": []}


def test_what_the_machine_refuses_is_no_internal_error(
    govlab: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied", "/locked")

    monkeypatch.setattr(lint_module, "load_bundle", refuse)
    shown = govlab("lint", "b")
    assert shown.code == 2
    assert shown.err == "govlab: `/locked`: Permission denied\n"
