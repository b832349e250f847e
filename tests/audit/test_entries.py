"""Decision logs as links: whatever a line or a row holds, it is judged and nothing is raised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.audit.chain import judge
from govlab.audit.entries import decision_log, links_of_files, links_of_rows
from govlab.cli.main import run
from govlab.errors import LogError
from tests.log.adapters.test_govlab_decisions import LOG
from tests.log.fixtures import log_of, write

ODD: tuple[Any, ...] = (None, 5, "x", [], [1], {}, {"columns": 5}, [{"columns": [["a"], 3]}],
                        "\ud800", 2**70, 1e300, [[[]]], "9" * 30, "9" * 5000)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_rows_of_any_notes_are_judged(tmp_path: Path, odd: Any) -> None:
    _, rows = log_of(write(tmp_path / "a.ndjson", *LOG), out=tmp_path / "log")
    assert judge(links_of_rows(rows, 0)).status == "unanchored"
    for notes in (odd, {"told": odd}, {"told": [odd]}, {"told": [{"columns": odd}]}, {"seq": odd}):
        changed = rows.with_columns(extra=pl.lit(json.dumps(notes)))
        assert judge(links_of_rows(changed, 0)).status == "compromised"


@pytest.mark.parametrize("odd", ODD)
def test_lines_of_any_values_are_judged(tmp_path: Path, odd: Any) -> None:
    for name in ("seq", "chain", "prev_hash", "args", "event_id", "risk_tags"):
        lines = [json.dumps({**LOG[0], name: odd}), *map(json.dumps, LOG[1:])]
        write(tmp_path / "decisions-000000000000.ndjson", *lines)
        found = judge(links_of_files(decision_log(tmp_path)))
        left_out = name == "args" and odd is None  # the digest of what was there is hashed
        assert found.status == ("unanchored" if left_out else "compromised"), name


def test_a_line_that_is_no_entry_is_told(tmp_path: Path) -> None:
    for bad in ("[]", "{", '"x"', ""):
        write(tmp_path / "decisions-000000000000.ndjson", json.dumps(LOG[0]), bad)
        with pytest.raises(LogError, match=r"ndjson:2: no entry"):
            links_of_files(decision_log(tmp_path))


def test_one_decision_is_proved_on_files_and_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "src" / "decisions-000000000000.ndjson", *LOG)
    log_of(tmp_path / "src", out=tmp_path / "log")
    proofs = []
    for log in (tmp_path / "src", tmp_path / "log"):
        assert run(["audit", "prove", str(log), "--id", "e-2", "--json"]) == 0
        proofs.append(json.loads(capsys.readouterr().out))
    assert proofs[0] == proofs[1]
    assert (proofs[0]["index"], proofs[0]["record_hash"]) == (1, LOG[1]["record_hash"])
