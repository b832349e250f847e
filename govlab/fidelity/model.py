"""What a check of recorded decisions came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from govlab.kpi.model import Value
from govlab.kpi.stats import FEWEST, Clusters, design_effect, wilson
from govlab.selection import Scope

__all__ = ["EXAMPLES", "Fidelity", "Kind", "Under", "Verdict"]

EXAMPLES = 3
"""Event ids kept of each kind of difference."""

Verdict = Literal["same", "differs", "undecidable"]


@dataclass(frozen=True, slots=True)
class Kind:
    """Actions of one snapshot recorded alike and replayed alike.

    `recorded` and `replayed` are decisions, `lacks` what an undecidable one hangs on. `first` is
    the oldest time, `examples` are ids of the oldest.
    """

    digest: str
    verdict: Verdict
    recorded: str
    recorded_rule: str | None
    replayed: str
    rule: str | None
    lacks: tuple[str, ...]
    events: int
    first: datetime | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Under:
    """One snapshot: the recorded decisions that name it and what its replay says of them."""

    digest: str
    bundle: str
    version: str
    events: int
    same: int
    differs: int
    undecidable: int

    @property
    def unchecked(self) -> int:
        """Decisions that were not replayed yet."""
        return self.events - self.same - self.differs - self.undecidable


@dataclass(frozen=True, slots=True)
class Fidelity:
    """All recorded decisions of a log, against the snapshots that they name.

    `kinds` are those that differ or cannot be decided, most frequent first. `nameless` decisions
    name no snapshot; `foreign` counts those by a digest that the registry does not hold. `clusters`
    are sums over runs. `replayed` pieces of `pieces` were replayed now, others earlier or not at
    all. `through` is the newest time that was checked, `newest` that of the log. `scope` are the
    filters that its decisions were chosen by.
    """

    under: tuple[Under, ...]
    kinds: tuple[Kind, ...]
    nameless: int
    foreign: Mapping[str, int]
    clusters: Clusters
    pieces: int
    replayed: int
    through: datetime | None
    newest: datetime | None
    scope: Scope = field(default_factory=Scope)

    @property
    def compared(self) -> int:
        """Decisions of which the snapshot says the same or another."""
        return sum(u.same + u.differs for u in self.under)

    @property
    def differs(self) -> int:
        """Decisions that are not what their own snapshot decides."""
        return sum(u.differs for u in self.under)

    @property
    def undecidable(self) -> int:
        """Decisions that hang on what the log does not know."""
        return sum(u.undecidable for u in self.under)

    @property
    def unchecked(self) -> int:
        """Decisions under a known snapshot that were not replayed yet."""
        return sum(u.unchecked for u in self.under)

    @property
    def unknown(self) -> int:
        """Recorded decisions of which nobody can tell."""
        return self.undecidable + self.unchecked + self.nameless + sum(self.foreign.values())

    @property
    def behind_s(self) -> int | None:
        """The age of the check: whole seconds of the log that came after what was checked."""
        if self.through is None or self.newest is None:
            return None
        return max(int((self.newest - self.through).total_seconds()), 0)

    def value(self) -> Value:
        """The share that differs, clustered by run; None where more is unknown than known."""
        n, d, unknown = self.differs, self.compared, self.unknown
        if d == 0 or unknown > d:
            return Value("fidelity", None, None, None, n, d, unknown)
        deff = design_effect(self.clusters)
        low, high = wilson(n, d, deff) if self.clusters.count >= FEWEST else (None, None)
        return Value(
            "fidelity", None, None, n / d, n, d, unknown, low, high, deff, self.clusters.count
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; times in RFC 3339."""
        return {
            "figure": asdict(self.value()),
            "snapshots": [{**asdict(u), "unchecked": u.unchecked} for u in self.under],
            "mismatches": [_kind(k) for k in self.kinds if k.verdict == "differs"],
            "undecidable": [_kind(k) for k in self.kinds if k.verdict == "undecidable"],
            "without_snapshot": self.nameless,
            "not_in_registry": dict(self.foreign),
            "pieces": {"all": self.pieces, "replayed_now": self.replayed},
            "through": self.through and self.through.isoformat(),
            "newest": self.newest and self.newest.isoformat(),
            "behind_s": self.behind_s,
            "filters": None if self.scope.is_all() else self.scope.filters(),
        }


def _kind(kind: Kind) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(kind).items() if name != "verdict"}
    return {**plain, "lacks": list(kind.lacks), "examples": list(kind.examples),
            "first": kind.first and kind.first.isoformat()}  # fmt: skip
