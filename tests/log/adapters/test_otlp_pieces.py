"""A file in pieces, in one process or several: the same rows as from one piece."""

from __future__ import annotations

import io
import json
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from govlab.log import limits, sources
from govlab.log.adapters import otlp_workers
from govlab.log.adapters.otlp import FORMAT
from govlab.log.adapters.otlp_pieces import Piece, pieces, split
from govlab.log.adapters.otlp_workers import Job, results, serve
from govlab.log.adapters.spans import reading
from govlab.log.documents import documents
from govlab.log.ingestion import ingest
from govlab.log.maps import EMPTY_MAP
from govlab.log.records import Bad, Options
from govlab.log.scan import scan_log, scan_runs
from govlab.log.sources import Source
from tests.bench.otlp_spans import write_spans
from tests.log.adapters.test_otlp import AGENT, CALL, span, traces
from tests.log.fixtures import quarantine, rows_of, write


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PIECE", 100_000)


def shuffled(tmp_path: Path, name: str = "t.jsonl") -> Path:
    """Some traces whose spans are all over the file, and lines that cannot be read."""
    path = write_spans(tmp_path / "made.jsonl", 1300)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    scopes = [line["resourceSpans"][0]["scopeSpans"][0] for line in lines]
    every = [each for scope in scopes for each in scope["spans"]]
    random.Random(5).shuffle(every)
    for number, scope in enumerate(scopes):
        scope["spans"] = every[number :: len(scopes)]
    path.unlink()
    return write(tmp_path / name, lines[0], "", "{", *lines[1:], {"spanId": 7}, lines[0])


def log(path: Path, out: Path) -> tuple[pl.DataFrame, pl.DataFrame, list[dict[str, Any]]]:
    ingest([path], out)
    runs = scan_runs(out)
    assert runs is not None
    rows = scan_log(out).collect()
    return rows.sort("event_id"), runs.collect().sort("run_id"), quarantine(out)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_pieces_and_processes_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shuffled(tmp_path)
    whole = log(path, tmp_path / "whole")
    assert whole[0].height > 300
    assert [row["line"] for row in whole[2] if not row["reason"].startswith("confl")] == [3, 9]
    monkeypatch.setattr(limits, "PIECE", 100_000)
    found = {}
    for workers in ("0", "1", "2"):
        monkeypatch.setenv("GOVLAB_WORKERS", workers)
        found[workers] = log(path, tmp_path / workers)
    assert len(list(pieces(Source(path, path.name)))) > 5
    for rows, runs, bad in found.values():
        assert rows.equals(whole[0])
        assert runs.drop("source_ref").equals(whole[1].drop("source_ref"))
        assert bad == whole[2]
    alone, *others = (contents(tmp_path / workers) for workers in found)
    assert others == [alone, alone]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["t.json", "t.jsonl.gz", "t.jsonl.zst"])
def test_lines_under_another_name_or_compressed(tmp_path: Path, name: str) -> None:
    plain = shuffled(tmp_path)
    path = tmp_path / name
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.output_stream(str(path), compression=kind) as stream:
        stream.write(plain.read_bytes())
    one, other = ([p.held is None for p in pieces(Source(p, p.name))] for p in (plain, path))
    assert min(len(one), len(other)) > 5
    assert all(other) == (kind is None)
    rows = [log(p, tmp_path / p.suffix)[0].drop("source_ref") for p in (plain, path)]
    assert rows[0].equals(rows[1])


@pytest.mark.usefixtures("small")
def test_a_document_larger_than_a_piece_is_one(tmp_path: Path) -> None:
    spans = [span("x", n, attributes=CALL) for n in range(1, 1000)]
    path = write(tmp_path / "t.json", json.dumps(traces(*spans), indent=1))
    assert len(list(pieces(Source(path, path.name)))) == 2  # the second one is empty
    assert len(rows_of(FORMAT.read(Source(path, path.name), Options()))) == 999


@pytest.mark.usefixtures("small")
def test_pieces_hold_each_line_once(tmp_path: Path) -> None:
    source = Source(shuffled(tmp_path), "t.jsonl")
    want = list(documents(source))
    assert [found for piece in pieces(source) for found in piece.documents()] == want
    for piece in pieces(source):
        lines = b"".join(found[1] for found in piece.documents() if not isinstance(found, Bad))
        assert set(piece.named()) == set(re.findall(r'"traceId": "(\w+)"', lines.decode()))


def test_a_line_beyond_the_limit_is_lost_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PIECE", 2_000)
    monkeypatch.setattr(sources, "MAX_LINE", 3_000)
    call = traces(span("x", 1, attributes=CALL))
    path = write(tmp_path / "t.jsonl", call, '{"a": "' + "x" * 20_000 + '"}', call, call)
    found = [each for piece in pieces(Source(path, "t.jsonl")) for each in piece.documents()]
    assert found == list(documents(Source(path, "t.jsonl")))


def test_traces_of_several_pieces(tmp_path: Path) -> None:
    def piece(*texts: str) -> Piece:
        held = tuple((n, text.encode()) for n, text in enumerate(texts))
        return Piece(Source(tmp_path, "t"), held)

    a, b, c = '{"traceId":"A1"}', '{"context":{"trace_id" : "0xb2"}}', '{"traceId":"c3"}'
    found = split(
        [piece(a, b), piece(c, '{"traceId": "00"}'), piece(b), piece(a.replace("A", "a"))]
    )
    assert dict(found.inside) == {0: {"a1", "b2"}, 2: {"b2"}, 3: {"a1"}}
    assert dict(found.ending) == {2: {"b2"}, 3: {"a1"}}


@pytest.mark.usefixtures("small")
def test_agents_in_another_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PIECE", 100)
    call = span("execute_tool x", 2, 1, attributes={**CALL, "input": {"a": 1}})
    agent = span("invoke_agent lead", 1, attributes={**AGENT, "gen_ai.agent.name": "lead"})
    path = write(tmp_path / "t.jsonl", traces(call), traces(), traces(agent))
    (row,) = rows_of(FORMAT.read(Source(path, path.name), Options()))
    assert (row["actor"], row["args"]) == ("lead", '{"a":1}')


def test_work_of_a_worker_that_fails_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "pass"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(otlp_workers, "_worker", broken)
    path = write(tmp_path / "t.jsonl", traces(span("x", 1, attributes=CALL)))
    how = reading(EMPTY_MAP)
    jobs = [Job(piece, frozenset(), how) for piece in pieces(Source(path, "t.jsonl"))] * 5
    found = list(results(iter(jobs), 2))
    assert [taken.frame.height for taken in found if taken.frame is not None] == [1] * 5


def test_a_worker_answers_until_nothing_is_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", traces(span("x", 1, attributes=CALL)))
    (piece,) = pieces(Source(path, "t.jsonl"))
    job = Job(piece, frozenset(), reading(EMPTY_MAP))
    answers = io.BytesIO()
    serve(io.BytesIO(pickle.dumps(job) * 2), answers)
    answers.seek(0)
    said = [pickle.load(answers) for _ in range(2)]  # noqa: S301  made above
    assert [taken.frame.height for taken in said] == [1, 1]


def test_a_reading_that_is_sent_on_holds_nothing_that_was_derived() -> None:
    how = reading(EMPTY_MAP)
    before = pickle.dumps(how)
    assert how.of_all & how.of_actions == frozenset()
    assert how.actions.meet(CALL)
    assert pickle.dumps(how) == before
    assert pickle.loads(before) == how  # noqa: S301  made above


@pytest.mark.parametrize(
    ("said", "many", "want"), [("0", 9, 0), ("3", 9, 3), ("3", 2, 2), ("", 2, 0), ("x", 1, 0)]
)
def test_how_many_processes(
    monkeypatch: pytest.MonkeyPatch, said: str, many: int, want: int
) -> None:
    monkeypatch.setenv("GOVLAB_WORKERS", said)
    assert limits.workers(many) == want
