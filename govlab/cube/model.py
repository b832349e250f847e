"""A cube: rows that no bundle of a family can tell apart are one row, with their number (J11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

import polars as pl

from govlab.selection import Scope

__all__ = ["EVENTS", "SUMS", "Cube", "Kept", "Origin"]

EVENTS = "#events"
"""The column that says how many events a row stands for."""
SUMS = "#sum."
"""Begins the columns of exact sums over the events of a row; null cells add nothing."""

Kind = Literal["plain", "binned", "classed"]


@dataclass(frozen=True, slots=True)
class Kept:
    """How the cells of some columns are kept.

    `plain`: as they are. `binned`: one number for all between two of `bounds`. `classed`: one
    cell (or one of each column) for all of which the `leaves`, named by tokens, are the same;
    there `types` are the attributes read, of which those in `exact` are as they are.
    """

    columns: tuple[str, ...]
    kind: Kind
    bounds: tuple[Any, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    exact: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Kept:
        """As the file has it."""
        types = tuple((name, kind) for name, kind in said["types"])
        lists = ("columns", "bounds", "exact", "leaves", "hashed")
        return cls(kind=said["kind"], types=types, **{n: tuple(said[n]) for n in lists})


@dataclass(frozen=True, slots=True)
class Origin:
    """What a cube was made of: the log's columns and period, the bundles by name and digest.

    `scope` are the filters that the events were chosen by.
    """

    columns: tuple[str, ...]
    oldest: str | None
    newest: str | None
    bundles: tuple[tuple[str, str, str], ...]  # name, version, digest
    by: tuple[str, ...]
    scope: Scope = field(default_factory=Scope)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Origin:
        """As the file has it."""
        bundles = tuple((name, version, digest) for name, version, digest in said["bundles"])
        scope = Scope.of(said["scope"]) if said.get("scope") else Scope()
        return cls(tuple(said["columns"]), said["oldest"], said["newest"], bundles,
                   tuple(said["by"]), scope)  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The file's form; `scope` is None where nothing was filtered."""
        return {
            "columns": list(self.columns),
            "oldest": self.oldest,
            "newest": self.newest,
            "bundles": [list(bundle) for bundle in self.bundles],
            "by": list(self.by),
            "scope": None if self.scope.is_all() else self.scope.filters(),
        }

    def period(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest time of the events (UTC)."""
        old, new = self.oldest, self.newest
        return (
            None if old is None else datetime.fromisoformat(old),
            None if new is None else datetime.fromisoformat(new),
        )


@dataclass(frozen=True)
class Cube:
    """`frame` has a row a class: the log's columns, `#events`, `#sum.<column>`."""

    frame: pl.DataFrame
    kept: tuple[Kept, ...]
    origin: Origin

    @property
    def classes(self) -> int:
        """How many rows of the log are told apart."""
        return self.frame.height

    @property
    def events(self) -> int:
        """How many events they stand for."""
        return int(self.frame.get_column(EVENTS).sum())

    @property
    def counts(self) -> pl.Series:
        """How many events each row stands for, UInt64."""
        return self.frame.get_column(EVENTS)

    @property
    def rows(self) -> pl.DataFrame:
        """The rows as a log has them."""
        return self.frame.select([c for c in self.frame.columns if not c.startswith("#")])

    def to_dict(self) -> dict[str, Any]:
        """What `govlab cube --json` says, and the file's manifest."""
        oldest, newest = self.origin.oldest, self.origin.newest
        return {
            "classes": self.classes,
            "events": self.events,
            "period": {"oldest": oldest, "newest": newest},
            "scope": self.origin.scope.to_dict(self.events, self.origin.period()),
            "by": list(self.origin.by),
            "bundles": [{"name": n, "version": v, "digest": d} for n, v, d in self.origin.bundles],
            "columns": [asdict(kept) for kept in self.kept],
        }

    def __repr__(self) -> str:
        return f"Cube({self.events:,} events in {self.classes:,} classes)"
