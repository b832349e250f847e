"""Tables that are no log yet, as text: each column with what its name suggests."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from govlab.inspection.model import Guess, Inspection, TableFile
from govlab.report.disclosure import CLOSED, Disclosure, plain, shown
from govlab.report.text import clean, table, wrapped

__all__ = ["examples", "table_lines"]


def table_lines(found: Inspection, disclosure: Disclosure = CLOSED) -> Iterator[str]:
    """What stands in the way, the columns, and what to do next."""
    yield f"{clean(found.log)} is no log yet:"
    yield from wrapped(plain(found.unread, disclosure), 4)
    for one in found.tables:
        yield ""
        yield from _table(one, disclosure)
    yield ""
    log = clean(shlex.quote(found.log))
    yield "next: write a column map, correct it, and ingest with it"
    yield f"    govlab inspect {log} --write-map map.yaml"
    yield f"    govlab ingest {log} --map map.yaml --out log"


def _table(one: TableFile, disclosure: Disclosure) -> Iterator[str]:
    read = f"{len(one.guesses)} columns, by its first {one.rows:,} rows"
    yield f"{clean(one.path)}: {read}"
    rows = [
        (guess.source, guess.target or "?", guess.how or "-", examples(guess, disclosure))
        for guess in one.guesses
    ]
    yield from table(("column", "may be", "because", "values"), rows, indent=4)
    targets = {guess.target for guess in one.guesses}
    if not {"tool", "action"} & targets:
        yield "    no column looks like the tool or the action: name one of them in the map"
    if one.local_times:
        names = ", ".join(f"`{clean(name)}`" for name in one.local_times)
        yield f"    times without offset in {names}: name their zone with `tz` in the map"
    if one.words:
        words = ", ".join(f"`{plain(word, disclosure)}` {n:,}" for word, n in one.words.items())
        yield f"    words for decisions that no table knows: {words}; see `decision_map` in the map"


def examples(guess: Guess, disclosure: Disclosure = CLOSED) -> str:
    """A few values of the column, as they may be shown."""
    name = guess.target or guess.source
    return ", ".join(shown(name, value, disclosure) for value in guess.examples)
