"""README tells the truth: its policy loads, its links lead somewhere, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from govlab.bundle import load_bundle, starters
from govlab.cli.main import run
from govlab.cli.scorecard import command as scorecard

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_two_commands_set_everything_up() -> None:
    """`.ci/run` executes exactly these two."""
    assert len(blocks("sh")) == 2
    assert all("\n" not in block.strip() for block in blocks("sh"))
    assert TEXT.index("```sh") < 1200, "the first command is on the first screen"


def test_the_policy_loads(tmp_path: Path) -> None:
    (policy,) = blocks("yaml")
    path = tmp_path / "policy.yaml"
    path.write_text(policy, encoding="utf-8")
    assert len(load_bundle(path).policies[0].rules) == 2


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"(?:^|`)govlab ([a-z]+) ", TEXT, re.MULTILINE)))
)
def test_commands_exist(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"govlab {name}" in capsys.readouterr().out


def test_what_runs_every_night_are_options_and_files_that_are_read() -> None:
    """Whatever starts the command, its words are those that the command takes."""
    section = TEXT.partition("## Run it every night")[2].partition("\n## ")[0]
    said = re.findall(r"scorecard[ ,].*--history.*", section)
    known = {option for param in scorecard.params for option in param.opts}
    assert len(said) == 5
    assert all(set(re.findall(r"(?<=[ \[])--[a-z-]+", line)) <= known for line in said)
    assert all(yaml.safe_load(block) for block in blocks("yml"))
    assert len(blocks("yml")) == 2


def test_every_starter_is_listed() -> None:
    assert all(f"`{name}`" in TEXT for name in starters())


def test_what_the_demo_is_said_to_print_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo"]) == 0
    printed = capsys.readouterr().out
    shown = TEXT.partition("says first what a rule decided")[2].partition("```text\n")[2]
    assert all(line in printed for line in shown.partition("```")[0].splitlines())
