"""Ingest: files of any known format become one action log, with nothing lost unseen (S16)."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import polars as pl

from govlab.errors import LogError
from govlab.log import limits
from govlab.log.books import Books
from govlab.log.cells import series
from govlab.log.conform import COLUMNS
from govlab.log.detect import FORMATS, Detected, detect, nearest
from govlab.log.intake import Ids, Seen, as_table, digested, identified
from govlab.log.manifest import manifest
from govlab.log.maps import EMPTY_MAP, load_map, zone
from govlab.log.privacy import Privacy, make_privacy
from govlab.log.records import (
    CARRIED,
    FILE,
    LINE,
    RUN_ASKED,
    Action,
    Bad,
    Counted,
    Format,
    Of,
    Options,
    Run,
    Skipped,
    Table,
)
from govlab.log.report import FileTally, IngestReport, Progress
from govlab.log.sources import Source, expand
from govlab.log.store import Store, replacing
from govlab.log.uncollected import uncollected
from govlab.schema import MARKS

__all__ = ["ingest"]


def ingest(  # noqa: PLR0913  the options of the command, one argument each
    sources: Sequence[str | Path],
    out: Path,
    *,
    format: str | None = None,
    map: Path | None = None,
    max_bad: int | None = None,
    tz: str | None = None,
    args: str = "paths",
    paths: Collection[str] = (),
    keep_results: bool = False,
    pseudonyms: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """The action log of `sources` stands in the folder `out`, all of it or nothing new.

    Sources are files, folders, globs or `-`, compressed or not; each file's format is found
    by its content unless `format` names it. Rows that cannot be read are in `out/quarantine`.

    Of arguments, `args` keeps `paths` (the default: those that the starters for the log's format
    declare, but for secrets by name, and `paths`, attribute names such as `args.command`), `keep`
    all, `hash` the digest, `drop` nothing; what is left out is unknown to rules. Results of tools
    are kept, cut off, with `keep_results`; people go by pseudonyms of the key in the file
    `pseudonyms`.

    Raises `LogError` where no event was found, where more than `max_bad` rows are bad, and
    where `out` is something else than a log; `UsageError` for an unknown format.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "calls.ndjson").write_text('{"tool": "refund", "run_id": "r1"}')
    >>> ingest([folder], folder / "log").events
    1
    """
    given = load_map(Path(map)) if map else EMPTY_MAP
    options = Options(zone(tz or given.tz), keep_results)
    privacy = make_privacy(args, paths, results=keep_results, pseudonyms=pseudonyms)
    files = _outside(Path(out), expand(sources))
    with replacing(Path(out)) as folder, uncollected():
        with _quarantine(folder) as bad:
            state = _Ingest(options, privacy, Store(folder), Books(bad, texts=args == "keep"))
            for source, found in _ordered(files, lambda file: detect(file, given, format), options):
                state.take(source, found)
                if progress:
                    progress(state.progress(source, len(files)))
            state.flush()
        report = state.books.report(
            Path(out), len(state.runs), privacy.to_dict(state.books.formats)
        )
        _refuse_bad(report, max_bad)
        _refuse_empty(report, state.books, sources)
        state.write()
        state.store.write_manifest(manifest(report, state.books, options, given))
    return report


def _outside(out: Path, files: Sequence[Source]) -> list[Source]:
    """The files that are not part of the log which is being replaced."""
    return [file for file in files if not file.path.resolve().is_relative_to(out.resolve())]


def _ordered(
    files: Sequence[Source], detected: Callable[[Source], Detected], options: Options
) -> Iterator[tuple[Source, Detected]]:
    """The files with their formats, those last whose rows need what other files say.

    Among those, the formats stand in the order of `FORMATS`: transcripts before hook records.
    """
    waiting: list[tuple[int, Source, Detected]] = []
    order = list(FORMATS)
    for source in files:
        found = detected(source)
        if found.format and found.format.heed:
            found.format.heed(source, options)
            waiting.append((order.index(found.format.name), source, found))
        else:
            yield source, found
    for _, source, found in sorted(waiting, key=lambda known: known[0]):
        yield source, found


def _quarantine(folder: Path) -> IO[str]:
    path = folder / "quarantine"
    path.mkdir()
    return (path / "rows.ndjson").open("w", encoding="utf-8")


@dataclass(slots=True)
class _Ingest:
    """An ingest on its way: the runs met so far and the rows held back."""

    options: Options
    privacy: Privacy
    store: Store
    books: Books
    ids: Ids = field(default_factory=Ids)
    seen: Seen = field(default_factory=Seen)
    runs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    held: list[Action] = field(default_factory=list)
    held_format: Format | None = None

    def take(self, source: Source, found: Detected) -> None:
        """Reads one file, or notes why it is not read."""
        tally = self.books.open(source)
        if found.bad:
            self.books.bad(Bad(0, found.bad))
        if found.skip:
            self.books.leave(found.skip, found.keys)
        if found.format:
            self._read(source, found.format, tally)

    def progress(self, source: Source, files: int) -> Progress:
        """How far it is after `source`."""
        done = self.books.events.total() + len(self.held)
        return Progress(source.name, len(self.books.tallies), files, done)

    def _read(self, source: Source, known: Format, tally: FileTally) -> None:
        tally.format = known.name
        self._turn(known)
        for record in known.read(source, self.options):
            if isinstance(record, Of):
                known = record.format
                self._turn(known)
            else:
                self._one(record, known, tally)

    def _turn(self, known: Format) -> None:
        """What comes next is of the format `known`."""
        self.books.formats[known.name] = known
        if self.held_format is not known:
            self.flush()
        self.held_format = known

    def _one(self, record: Counted, known: Format, tally: FileTally) -> None:
        match record:
            case Action():
                self._hold(record)
            case Run():
                where = {"source_format": known.name, "source_ref": f"{tally.name}:{record.line}"}
                self.runs.setdefault(record.values["run_id"], {**record.values, **where})
            case Table():
                place = pl.lit(self.books.place, pl.Int64).alias(FILE)
                self._admit(record.frame.with_columns(place), known)
            case Skipped():
                tally.skipped[record.kind] += record.rows
            case Bad():
                self.books.bad(record)

    def _hold(self, action: Action) -> None:
        """Keeps an action until a batch is full."""
        values = self.privacy.with_result({**action.values, FILE: self.books.place})
        self.held.append(Action(action.line, values))
        if len(self.held) == limits.BATCH:
            self.flush()

    def flush(self) -> None:
        """Sends on the rows held back."""
        if self.held and self.held_format:
            self._admit(as_table(self.held), self.held_format)
        self.held = []

    def _admit(self, frame: pl.DataFrame, known: Format) -> None:
        """Stages what is new of `frame` and books the rest."""
        parted = self.seen.part(identified(digested(self._said(frame)), self.ids))
        self.books.enter(parted, known)
        fresh = self.privacy.rows(parted.fresh, known.name)
        names = dict(enumerate(tally.name for tally in self.books.tallies))
        source = pl.col(FILE).replace_strict(names, return_dtype=pl.String)
        fresh = fresh.with_columns(
            *_marked(known.marks(self.options), fresh),
            source_format=pl.lit(known.name),
            source_ref=pl.concat_str(source, pl.col(LINE).cast(pl.String), separator=":"),
        )
        carried = [name for name in CARRIED if name not in MARKS]
        self.store.stage(fresh.drop(FILE, LINE, *carried, strict=False))

    def _said(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that say what was done; others are no actions."""
        what = [pl.col(n).fill_null("") != "" for n in ("tool", "action") if n in frame.columns]
        none = pl.repeat(False, pl.len())  # where no row of the batch has either
        said = frame.select(pl.any_horizontal(none, *what).alias("said"))["said"]
        for file, line in frame.filter(~said).select(FILE, LINE).iter_rows():
            self.books.bad(Bad(line, "neither tool nor action"), file)
        return frame.filter(said)

    def write(self) -> None:
        """Writes the tables: only columns that some source of the log can fill."""
        formats = self.books.formats.values()
        filled = frozenset(name for known in formats for name in known.fillable(self.options))
        self.store.write_actions(filled, self._asked(filled))
        if self.runs:
            self.store.write_runs([self.privacy.run(run) for run in self.runs.values()])

    def _asked(self, filled: frozenset[str]) -> pl.DataFrame:
        """What is stored of each run beside its actions."""
        names = ["run_id", *(n for n in sorted(RUN_ASKED) if n in filled)] if self.runs else []
        return pl.DataFrame([
            series(
                name,
                [run.get(name.removeprefix("run.")) for run in self.runs.values()],
                COLUMNS[name].type,
            )
            for name in names
        ])  # fmt: skip


def _marked(marks: Mapping[str, str], frame: pl.DataFrame) -> Iterator[pl.Expr]:
    """The marks of a format, with those that a row has of its own."""
    for name, mark in marks.items():
        own = [pl.col(name).cast(pl.String)] if name in frame.columns else []
        parts = [pl.lit(mark or None, pl.String), *own]
        both = pl.concat_str(parts, separator=",", ignore_nulls=True)
        yield pl.when(both != "").then(both).alias(name)


def _refuse_bad(report: IngestReport, max_bad: int | None) -> None:
    if max_bad is not None and report.quarantined > max_bad:
        raise LogError(
            f"{report.quarantined} bad rows where at most {max_bad} are allowed: "
            f"{_listed(report.quarantine_reasons)}; nothing was written"
        )


_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods")


def _refuse_empty(report: IngestReport, books: Books, sources: Sequence[str | Path]) -> None:
    """Says what was seen, where, and what would be read."""
    if report.events:
        return
    where = ", ".join(f"`{source}`" for source in sources[:3])
    kinds = Counter(Path(tally.name).suffix or "no extension" for tally in books.tallies)
    seen = [f"no action found in {where}: {_files(len(books.tallies))} {_listed(kinds)}".rstrip()]
    if books.formats:
        seen.append(f"read as {', '.join(f'`{name}`' for name in sorted(books.formats))}")
    if report.skipped:
        skipped = {kind.removeprefix("file: "): n for kind, n in report.skipped.items()}
        seen.append(f"not read: {_listed(skipped)}")
    if report.quarantine_reasons:
        seen.append(f"unreadable: {_listed(report.quarantine_reasons)}")
    seen += _cures(kinds, report.quarantine_reasons)
    keys = next((keys for keys in books.strange if keys), ())
    if keys:
        seen.append(f"records begin with {', '.join(f'`{key}`' for key in keys[:6])}")
    if near := nearest(keys):
        seen.append(f"nearest format `{near}`; try --format {near} or a column map")
    elif any("table without" in kind for kind in report.skipped):
        first = shlex.quote(str(sources[0]))
        seen.append(
            "a table with other names needs a column map: "
            f"`govlab inspect {first} --write-map map.yaml` guesses one"
        )
    elif report.skipped and not books.formats:
        seen.append(f"formats are {', '.join((*FORMATS, 'table'))}")
    raise LogError("; ".join(seen))


def _cures(kinds: Mapping[str, int], reasons: Mapping[str, int]) -> Iterator[str]:
    if any(reason.startswith("not UTF-8") for reason in reasons):
        yield "save the text as UTF-8"
    if any(kind.lower() in _WORKBOOKS for kind in kinds):
        yield "save the sheet of a workbook as CSV"


def _files(count: int) -> str:
    return "1 file:" if count == 1 else f"{count:,} files:" if count else "no file"


def _listed(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    return ", ".join(f"{n} {name}" for name, n in most)
