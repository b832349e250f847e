"""Groups of rows, lists from their texts, and what rows lack: each as plain Python finds it."""

from __future__ import annotations

import random

import polars as pl
import pytest

from govlab.backends.columnar.answers import Book
from govlab.backends.columnar.dictionaries import with_lists
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.missing import Asked, Seen, lacks_of
from govlab.log.store import with_list_texts


def _column(rng: random.Random, height: int) -> pl.Series:
    most = rng.choice([1, 2, 5, 400])
    cells = [rng.choice([None, rng.randrange(most)]) for _ in range(height)]
    match rng.randrange(4):
        case 0:
            return pl.Series(cells, dtype=pl.Int64)
        case 1:
            return pl.Series(cells, dtype=pl.UInt32)
        case 2:
            return pl.Series([None if c is None else c % 2 == 0 for c in cells], dtype=pl.Boolean)
        case _:
            texts = [None if c is None else f"t{c}" for c in cells]
            return pl.Series(texts, dtype=rng.choice([pl.String(), pl.Categorical()]))


@pytest.mark.parametrize("seed", range(40))
def test_groups_are_numbered_as_they_appear(seed: int) -> None:
    rng = random.Random(f"group-{seed}")
    height = rng.choice([0, 1, 30, 300])
    columns = [_column(rng, height) for _ in range(rng.randrange(4))]
    rows = list(zip(*(c.to_list() for c in columns), strict=True)) if columns else [()] * height
    known = {row: number for number, row in enumerate(dict.fromkeys(rows))}
    found = group(columns, height)
    assert found.ids.to_list() == [known[row] for row in rows]
    assert found.rows.to_list() == [rows.index(row) for row in known]
    assert found.ids.dtype == found.rows.dtype == pl.UInt32


def test_a_list_with_a_null_stays_one_when_it_comes_from_its_text() -> None:
    lists = pl.DataFrame({"tags": [["a"], [None, "b"], [], None]})
    texts = with_list_texts(lists, ["tags"]).select(pl.col("^tags.+$"))
    assert with_lists(texts)["tags"].to_list() == [["a"], [None], [], None]


@pytest.mark.parametrize("named", [0, 3, 64, 65, 150])
def test_what_rows_lack_is_told_however_much_a_rule_names(named: int) -> None:
    rng = random.Random(f"lacks-{named}")
    asked = [Asked(tuple(map(str, range(named))), 0), Asked(("3", "x"), 1), Asked((), 0)]
    kinds = [rng.randrange(3) for _ in range(200)]
    gone = {(n, s): {row for row in range(200) if rng.random() < 0.1}
            for n in (*map(str, range(named)), "3", "x") for s in range(2)}  # fmt: skip

    def lacking(seen: Seen, rows: pl.Series) -> pl.Series:
        return pl.Series([row in gone[seen.name, seen.scope] for row in rows], dtype=pl.Boolean)

    book = Book()
    places = lacks_of(book, asked, pl.Series(kinds, dtype=pl.UInt32), lacking)
    told = list(book.missing)
    for row, (kind, place) in enumerate(zip(kinds, places, strict=True)):
        own = asked[kind]
        assert told[place] == tuple(n for n in own.mentions if row in gone[n, own.scope])
