"""The sample as a log folder: tables, manifest, and the policies it was decided by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from govlab.log.intake import as_table
from govlab.log.records import FILE, RUN_ASKED, Action, Format, Options
from govlab.log.store import FORMAT_VERSION, Store, replacing
from govlab.sample.recipe import SEED, Sample, generate
from govlab.sample.snapshots import write_snapshots
from govlab.schema import ACTIONS, RUNS

__all__ = ["FORMAT", "README", "sample_table", "write_sample"]

README = "README.md"
_SOURCE = "acme-ops"
_UNFILLED = frozenset({
    "trace_id", "span_id", "subject_type", "permission_mode", "server", "lines_changed",
    "files_changed", "idempotency_key", "actual_tokens_in", "actual_tokens_out",
    "actual_lines_changed", "actual_files_changed", "prev_hash", "record_hash", "seq", "weight",
    "extra", "source_ref",
})  # fmt: skip
FORMAT = Format(
    name=_SOURCE,
    read=lambda _source, _options: iter(()),
    fills=frozenset(ACTIONS) - _UNFILLED,
    runs=frozenset({"run_id", "started", "system", "workflow", "principal", "agent_version",
                    "prompt", "ended", "source_format"}),
    notes=("invented: no organisation, person or event of it exists",),
)  # fmt: skip
"""What the sample can fill; the rest of the schema is unknown in it, as in any real log."""


def sample_table(sample: Sample) -> pl.DataFrame:
    """The events as rows of the canonical columns, typed and marked as ingest marks them."""
    actions = [Action(n, {**event, FILE: 0}) for n, event in enumerate(sample.events, 1)]
    marks = FORMAT.marks(Options()).items()
    return as_table(actions).with_columns(
        *(pl.lit(mark or None, pl.String).alias(name) for name, mark in marks),
        source_format=pl.lit(FORMAT.name),
    )


def write_sample(out: Path, *, seed: int = SEED) -> Sample:
    """The sample stands as a log in the folder `out`, all of it or nothing new.

    A `README.md` that is there stays. Raises LogError where `out` is something else than a log.
    """
    sample = generate(seed=seed)
    readme = out / README
    text = readme.read_bytes() if readme.is_file() else None
    with replacing(out) as folder:
        store = Store(folder)
        store.stage(sample_table(sample).drop("source_line", FILE))
        store.write_actions(FORMAT.fillable(Options()))
        store.write_runs([{**run, "source_format": FORMAT.name} for run in sample.runs])
        store.write_manifest(_manifest(sample, seed))
        write_snapshots(folder / "snapshots")
        if text is not None:
            (folder / README).write_bytes(text)
    return sample


def _manifest(sample: Sample, seed: int) -> Mapping[str, Any]:
    """What MANIFEST.json says of any log, and the recipe instead of source files."""
    filled = FORMAT.fillable(Options())
    events, times = len(sample.events), [event["ts"] for event in sample.events]
    return {
        "log": FORMAT_VERSION,
        "recipe": {"module": "govlab.sample", "seed": seed},
        "read": events, "events": events, "runs": len(sample.runs),
        "duplicates": 0, "quarantined": 0,
        "by_format": {FORMAT.name: events},
        "skipped": {}, "quarantine_reasons": {}, "unmapped": {},
        "oldest": _text(min(times)), "newest": _text(max(times)),
        "assumptions": {"tz": None},
        "map": {"sha256": None},
        "formats": {FORMAT.name: {
            "events": events,
            "columns": [name for name in (*ACTIONS, *sorted(RUN_ASKED)) if name in filled],
            "run_columns": [name for name in RUNS if name in FORMAT.runs],
            "hindsight": [],
            "origins": {},
            "notes": list(FORMAT.notes),
        }},
        "sources": [],
    }  # fmt: skip


def _text(at: Any) -> str:
    return str(at.isoformat().replace("+00:00", "Z"))
