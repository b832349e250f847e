"""The folder that `govlab audit pack` writes: all of it or nothing, every file with its digest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from govlab.assess.telling import told_by
from govlab.audit.chain import verify
from govlab.audit.checkpoint import Checkpoint
from govlab.audit.findings import approvals, exceptions, versions
from govlab.audit.recompute import EVENTS, Reduced, figure_sql, reduce_log
from govlab.audit.sampling import METHOD, draw
from govlab.cli.tables import write_table
from govlab.errors import UsageError
from govlab.kpi.catalog import FIGURES, spec_of
from govlab.log.cached import Opened
from govlab.log.citation import cite
from govlab.log.store import MANIFEST
from govlab.placing import placing_folder
from govlab.registry import Registry
from govlab.replays.selected import selected_of
from govlab.report.audit import shown_rows, verification_document
from govlab.report.disclosure import PEOPLE, Disclosure, settings_line
from govlab.report.scope import filter_lines
from govlab.selection import Scope, Selection

__all__ = ["Asked", "write_pack"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a pack beside its log; `selection` chooses its events, not its chain."""

    n: int
    seed: int
    disclosure: Disclosure
    kept: tuple[Path, ...]
    checkpoints: tuple[Checkpoint, ...]
    registry: Registry | None = None
    selection: Selection = field(default_factory=Selection)


def write_pack(opened: Opened, out: Path, asked: Asked) -> dict[str, Any]:
    """Writes the pack of a log to the new folder `out`; its manifest.

    Raises UsageError where `out` holds something or cannot be written.
    """
    selected = selected_of(opened.frame, opened.folder, asked.selection)
    chosen = replace(opened, frame=selected.frame)
    with _fresh(out) as folder:
        reduced = _figures(chosen, folder, asked)
        _lists(chosen, folder, reduced, asked)
        status = _chain(opened, folder, asked)
        manifest = _manifest(opened, folder, reduced, (status, selected.scope), asked)
        _write_json(folder / MANIFEST, manifest)
    return manifest


@contextmanager
def _fresh(out: Path) -> Iterator[Path]:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"`{out}` is there already; evidence is never written over")
    try:
        with placing_folder(out) as fresh:
            yield fresh
    except OSError as error:
        raise UsageError(f"`{out}` cannot be written: {error.strerror}") from None


def _figures(opened: Opened, folder: Path, asked: Asked) -> Reduced:
    people = frozenset() if asked.disclosure.show_people else PEOPLE
    spec = spec_of()
    frame, told = told_by(asked.registry, opened.frame)
    reduced = reduce_log(
        frame, spec, folder / EVENTS, folder=opened.folder, people=people, told=told
    )
    rows = [{**asdict(v), "unit": FIGURES[v.id].unit, "question": FIGURES[v.id].question}
            for v in reduced.values]  # fmt: skip
    _write_json(folder / "figures.json", {"as_of": _shown(reduced.as_of), "figures": rows})
    queries = folder / "sql"
    queries.mkdir()
    for figure in spec.figures:
        text = figure_sql(figure, reduced.known, as_of=reduced.as_of)
        if text is not None:
            (queries / f"{figure.id}.sql").write_text(text, encoding="utf-8")
    return reduced


def _lists(opened: Opened, folder: Path, reduced: Reduced, asked: Asked) -> None:
    drawn = draw(opened.frame, asked.n, seed=asked.seed)
    names = drawn.rows.columns
    kept = [n for n in names if not n.startswith("run.") and n not in ("args", "extra")]
    tables = {
        "exceptions": exceptions(told_by(asked.registry, opened.frame)[0], reduced.known),
        "versions": versions(opened.frame),
        "approvals": approvals(opened.frame),
        "sample": drawn.rows.select(kept),
    }
    for name, rows in tables.items():
        write_table(shown_rows(rows, asked.disclosure), folder / f"{name}.csv")


def _chain(opened: Opened, folder: Path, asked: Asked) -> str:
    found = verify(opened.frame, asked.checkpoints)
    _write_json(folder / "chain.json", verification_document(found))
    for number, path in enumerate(asked.kept, 1):
        shutil.copyfile(path, folder / f"checkpoint-{number}.txt")
    return found.status


def _manifest(
    opened: Opened, folder: Path, reduced: Reduced, about: tuple[str, Scope], asked: Asked
) -> dict[str, Any]:
    status, scope = about
    told = not scope.is_all()
    source = cite(opened.folder) if opened.folder is not None else None
    if opened.folder is not None:
        shutil.copyfile(opened.folder / MANIFEST, folder / "log-MANIFEST.json")
    methods = _METHODS.format(
        events=f"{reduced.events:,}", as_of=_shown(reduced.as_of) or "unknown", sample=METHOD,
        seed=asked.seed, shown=settings_line(asked.disclosure), file=EVENTS,
        filters="\n".join(["", *map(str.strip, filter_lines(scope)), ""]) if told else "",
    )  # fmt: skip
    (folder / "methods.md").write_text(methods, encoding="utf-8")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "govlab": version("govlab"),
        "log": source and source.to_dict(),
        "events": reduced.events,
        "filters": scope.filters() if told else None,
        "as_of": _shown(reduced.as_of),
        "figures": len(reduced.values),
        "chain": status,
        "snapshot_in_force": "registry" if asked.registry else "self-reported",
        "seed": asked.seed,
        "files": {str(p.relative_to(folder).as_posix()): _sha256(p) for p in files},
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(at: Any) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


_METHODS = """\
# How this evidence was made, and how to check it

Events: {events}. Ages are counted to {as_of}, the newest event.
{filters}
1. Digests. `MANIFEST.json` has the SHA-256 of every other file; keep its own digest elsewhere.
2. Figures. `figures.json` has value, numerator, denominator and what nobody can tell (`unknown`).
   Each file in `sql/` counts one of them again from `{file}`: run it with DuckDB in this folder,
   e.g. `duckdb < sql/audit.complete_runs.sql`. A rate has no value where nothing is known, or
   more is unknown than known. Intervals (95 %, Wilson, clustered by run) are not recomputed.
   Times are UTC. Results of checks of their own (`mismatch`) have no query.
3. Exceptions. `exceptions.csv` lists the events behind the figures that should be zero.
4. Sample. `sample.csv`, seed {seed}: {sample}.
5. Versions and approvals. `versions.csv`, `approvals.csv`: as the log records them.
6. Chain. `chain.json`: every record of the log was hashed again, whatever the filters. Only a
   signed checkpoint, kept where the log's writers cannot reach it, shows that nothing was cut off
   or written anew.

Shown: {shown}. In `{file}` people and free text are replaced by `[hidden]`.
"""
