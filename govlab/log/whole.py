"""A log as it is read to be decided: all that is on disk of it, lists as the texts beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from govlab.log.conform import as_table, conformed
from govlab.log.declared import with_declared
from govlab.log.kinds import Kinds
from govlab.log.scan import scan_log, stored
from govlab.schema import LIST_TEXT
from govlab.types import Type

__all__ = ["Whole", "whole_log"]


class Whole(NamedTuple):
    """A log's columns, typed; of a log on disk what state it is in, and its kinds of rows."""

    frame: pl.LazyFrame
    state: str | None
    kinds: Kinds | None


def whole_log(log: Any, declared: Mapping[str, Type] = MappingProxyType({})) -> Whole:
    """The log as it is read to be decided: of a log on disk all that it has.

    `log` is a path, a `LazyFrame`, a `DataFrame` or an Arrow table; `declared` are attributes that
    requests to a server may have said. Raises LogError where it cannot be read.

    >>> whole_log(pl.DataFrame({"tool": ["a"]})).frame.collect()["tool"].to_list()
    ['a']
    """
    found = _whole(log)
    frame = with_declared(found.frame, declared)
    return found if frame is found.frame else found._replace(frame=frame, kinds=None)


def _whole(log: Any) -> Whole:
    scanned = isinstance(log, str | Path)
    table = scan_log(log) if scanned else as_table(log)
    known = stored(table) if isinstance(table, pl.LazyFrame) else None
    if known is not None:
        return Whole(known.frame, known.state(), known.kinds())
    # a frame that was changed may say something else than its texts
    own = table.drop([n for n in table.collect_schema().names() if n.endswith(LIST_TEXT)])
    return Whole(own.lazy() if scanned else conformed(own), None, None)
