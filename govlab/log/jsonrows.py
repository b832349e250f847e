"""The rows of a JSON table: one object a line, or a list of them; cells of JSON's own types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import polars as pl

from govlab.log import limits
from govlab.log.cells import framed, typed
from govlab.log.decode import NotJsonError, argument_text, decode, shown
from govlab.log.documents import documents
from govlab.log.records import Bad
from govlab.log.sources import Source

__all__ = ["batches", "keys"]


def keys(source: Source) -> list[str]:
    """Every key of any row, in the order they were met."""
    found: dict[str, None] = {}
    for document in documents(source):
        if isinstance(document, Bad):
            continue  # quarantined when its rows are read
        try:
            found.update(dict.fromkeys(decode(document[1], dict[str, msgspec.Raw])))
        except NotJsonError:
            continue
    return list(found)


def batches(source: Source, targets: Mapping[str, str]) -> Iterator[pl.DataFrame | Bad]:
    """The rows in batches, and those that cannot be read."""
    names = keys(source)
    args = next((name for name, target in targets.items() if target == "args"), "")
    kept: list[tuple[int, dict[str, Any]]] = []
    for document in documents(source):
        if isinstance(document, Bad):
            yield document
            continue
        line, text = document
        try:
            kept.append((line, _row(text, args)))
        except NotJsonError as error:
            yield Bad(line, str(error), shown(text))
        if len(kept) == limits.BATCH:
            yield _frame(names, kept, targets)
            kept = []
    if kept:
        yield _frame(names, kept, targets)


def _row(text: bytes, args: str) -> dict[str, Any]:
    """The cells of one line; arguments keep their own text, in which a key may stand twice."""
    row = decode(text, dict[str, Any])
    if isinstance(row.get(args), dict | list):
        row[args] = argument_text(decode(text, dict[str, msgspec.Raw])[args])
    return row


def _frame(
    names: list[str], rows: list[tuple[int, dict[str, Any]]], targets: Mapping[str, str]
) -> pl.DataFrame:
    columns = [
        typed(name, [row.get(name) for _, row in rows], targets.get(name, "")) for name in names
    ]
    return framed(columns, [line for line, _ in rows])
