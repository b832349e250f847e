"""Tables that are no log yet: their columns, what their names suggest, what stands in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import polars as pl

from govlab.errors import LogError
from govlab.inspection.columns import fills
from govlab.inspection.frequent import frequent
from govlab.inspection.guess import guessed, unit_of
from govlab.inspection.model import Guess, TableFile
from govlab.log import tables
from govlab.log.conform import COLUMNS, NO_OFFSET
from govlab.log.decisions import recorded
from govlab.log.records import LINE, Bad
from govlab.log.sources import Source, UnreadableError, expand

__all__ = ["foreign_tables", "frequent_in"]

_TABLES: Final = frozenset({".parquet", ".pq", ".csv", ".tsv", ".ndjson", ".jsonl", ".json"})
_MOST_FILES: Final = 20
_EXAMPLES: Final = 3


def foreign_tables(log: str) -> tuple[TableFile, ...]:
    """The tables that `log` (a file, folder or glob) names, by their first rows; none where
    nothing can be read as a table."""
    try:
        sources = expand([log])
    except LogError:
        return ()
    found = (_table(source) for source in sources if source.extension in _TABLES)
    return tuple(table for table, _ in zip(_some(found), range(_MOST_FILES), strict=False))


def frequent_in(log: str) -> dict[str, tuple[tuple[str, int], ...]]:
    """The frequent values of the first table that `log` names, by the columns guessed."""
    for source in expand([log]):
        found = _table(source) if source.extension in _TABLES else None
        if found is not None:
            frame = _first(source)
            names = {guess.source: guess.target for guess in found.guesses if guess.target}
            known = frame.select(pl.col(names.keys())).rename(names)
            return frequent(
                known.lazy(), {f.column: f for f in fills(known.lazy(), found.rows, {})}
            )
    return {}


def _first(source: Source) -> pl.DataFrame:
    """The first rows that can be read; an empty frame where there is none."""
    batches = (b for b in tables.batches(source, {}) if not isinstance(b, Bad))
    return next(batches, pl.DataFrame({LINE: []})).drop(LINE)


def _some(found: Iterator[TableFile | None]) -> Iterator[TableFile]:
    return (table for table in found if table is not None)


def _table(source: Source) -> TableFile | None:
    try:
        frame = _first(source)
        # a column without a name cannot be mapped
        names = [name for name in tables.columns(source) if name in frame.columns]
    except UnreadableError:
        return None
    if not names:
        return None
    targets = guessed(names)
    guesses = tuple(_guess(frame, name, targets.get(name)) for name in names)
    decision = next((g.source for g in guesses if g.target == "decision"), None)
    return TableFile(
        path=source.name,
        rows=frame.height,
        guesses=guesses,
        local_times=tuple(g.source for g in guesses if _is_local(frame, g)),
        words=_unmapped(frame, decision) if decision else {},
    )


def _guess(frame: pl.DataFrame, name: str, found: tuple[str, str] | None) -> Guess:
    """The column `name`; a guess that its values contradict is none."""
    cells = frame.get_column(name)
    target, how = found or (None, "")
    kind = COLUMNS[target].type.name if target in COLUMNS else "double"
    unit = _unit(cells) if kind == "timestamp" else None
    if target and not unit and not _fits(cells, target, kind):
        target, how = None, ""
    split = _split(cells) if target and kind == "list" else None
    return Guess(name, target, unit, split, how, tuple(_examples(cells)))


def _fits(cells: pl.Series, target: str, kind: str) -> bool:
    """Whether the values may be of the column's type: a cell that is not would deny by error."""
    if target == "args":
        return cells.dtype in (pl.Struct, pl.List) or _all(cells, r"^\s*\{")
    match kind:
        case "timestamp":
            # a row without a time is told apart by itself; one such row makes no other column
            return cells.dtype.is_temporal() or _most(cells, r"^\d{4}-\d\d-\d\d")
        case "bool":
            return cells.dtype == pl.Boolean or _all(cells, r"^(?i:true|false)$")
        case "int":
            return cells.dtype.is_integer() or _all(cells, r"^\d+$")
        case "double":
            return cells.dtype.is_numeric() or _all(cells, r"^-?\d+(\.\d*)?$")
        case _:
            return True


def _all(cells: pl.Series, pattern: str) -> bool:
    first = cells.drop_nulls().head(1000)
    return cells.dtype == pl.String and bool(first.str.contains(pattern).all())


def _most(cells: pl.Series, pattern: str) -> bool:
    first = cells.drop_nulls().head(1000)
    if cells.dtype != pl.String:
        return False
    return first.is_empty() or 2 * int(first.str.contains(pattern).sum()) > len(first)


def _split(cells: pl.Series) -> str | None:
    """What parts the items of a list that is written as text; None where it is JSON or a list."""
    first = cells.drop_nulls().head(1000)
    if cells.dtype != pl.String or bool(first.str.starts_with("[").any()):
        return None
    return max(";|,", key=lambda sign: int(first.str.count_matches(sign, literal=True).sum()))


def _examples(cells: pl.Series) -> Iterator[str]:
    """The first different values, as text."""
    for value in cells.drop_nulls().head(1000).unique(maintain_order=True).head(_EXAMPLES):
        yield str(value.to_list() if isinstance(value, pl.Series) else value)


def _unit(cells: pl.Series) -> str | None:
    numbers: pl.Series = cells.cast(pl.Float64, strict=False)
    if cells.dtype.is_temporal() or numbers.null_count() > cells.null_count():
        return None
    return unit_of(numbers.drop_nulls().to_list())


def _is_local(frame: pl.DataFrame, guess: Guess) -> bool:
    """Whether the times of a column have no offset."""
    if guess.target not in COLUMNS or COLUMNS[guess.target].type.name != "timestamp":
        return False
    cells = frame.get_column(guess.source)
    if isinstance(cells.dtype, pl.Datetime):
        return cells.dtype.time_zone is None
    return cells.dtype == pl.String and bool(cells.str.contains(NO_OFFSET).any())


def _unmapped(frame: pl.DataFrame, column: str) -> dict[str, int]:
    """Words for decisions that no table knows, with the rows they stand in."""
    counts = Counter(str(word) for word in frame.get_column(column).drop_nulls().to_list())
    return {word: n for word, n in sorted(counts.items()) if not recorded(word)}
