"""Running the command line as its users do, without a process for each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from govlab.cli.main import run


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def govlab(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """`govlab(*arguments)` in a folder of its own, with a cache of its own."""
    monkeypatch.delenv("GOVLAB_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def command(*arguments: str | Path) -> Ran:
        code = run([str(a) for a in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """The example policy of the specification, as one file."""
    path = tmp_path / "seed.yaml"
    path.write_text(SEED, encoding="utf-8")
    return path


SEED = """\
# Example Governance Policy: Production Safety Gate
name: prod-safety-gate
on:
  - action: "infrastructure:mutation"
  - tool: "aws-cli"
rules:
  - condition: "env == 'production'"
    decision: "REQUIRE_APPROVAL"
    approvers: ["security-team", "platform-lead"]
    evidence_required: true
  - condition: "env == 'staging'"
    decision: "ALLOW_WITH_CONSTRAINTS"
    constraints:
      max_cost: 50.00
      timeout: 300s
"""
