"""What a candidate would have decided, as figures of its own: never mixed with the recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from govlab.assess.snapshots import DECIDED
from govlab.bundle import Bundle
from govlab.kpi.catalog import spec_of
from govlab.kpi.finish import finish
from govlab.kpi.knowledge import Fills, Knowledge
from govlab.kpi.model import Value
from govlab.kpi.partials import Partial, merge, partial
from govlab.kpi.spec import RUN_CUTS, SIDE_CUTS, Spec
from govlab.log.scan import scan_log
from govlab.replays import replay_selection
from govlab.replays.organisation import derives
from govlab.selection import Selection

__all__ = ["PROJECTED", "Projected", "Projection", "finished", "projected_by_replay"]

PROJECTED = (
    "decisions.allow_rate",
    "decisions.deny_rate",
    "decisions.approval_rate",
    "decisions.constraint_rate",
    "decisions.remediation_rate",
    "decisions.intervention_rate",
    "decisions.default_share",
    "decisions.ungoverned_share",
    "decisions.error_share",
    "constraints.mitigated_share",
)
"""The figures that a candidate's decisions alone can say something of."""

_SAYS = ("decision", "reason", "constraints")
_STATUS = {"decided": "exact", "error": "by_error", "undecidable": "undecidable"}


@dataclass(frozen=True, slots=True)
class Projected:
    """The figures of a candidate, and how its replay stands: exact, by error, undecidable."""

    bundle: Bundle
    values: tuple[Value, ...]
    replay: Mapping[str, int]


@dataclass(slots=True)
class Projection:
    """Takes batches that a plan decided, and says at the end what they come to."""

    bundle: Bundle
    cuts: tuple[str, ...]
    tz: str
    parts: list[Partial] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_STATUS.values(), 0))

    def take(self, batch: pl.DataFrame) -> None:
        """Counts one batch that has the decisions under DECIDED."""
        status = batch.get_column(f"{DECIDED}status").value_counts()
        for word, count in status.iter_rows():
            self.counts[_STATUS[word]] += count
        view = _view(batch)
        self.parts.append(partial(view, _spec(self.cuts), _knowing(view), tz=self.tz))
        if len(self.parts) == 16:
            self.parts = [merge(self.parts)]

    def taken(self) -> tuple[Partial, Mapping[str, int]]:
        """What all batches come to, and how many events stand how."""
        return merge(self.parts), self.counts


def _spec(cuts: tuple[str, ...]) -> Spec:
    return spec_of(*PROJECTED, cuts=cuts)


def finished(
    bundle: Bundle, cuts: tuple[str, ...], whole: Partial, counts: Mapping[str, int]
) -> Projected:
    """The figures of what a `Projection` has taken."""
    values = finish(whole, _spec(cuts), cuts=(None, *cuts))
    return Projected(bundle, tuple(values), counts)


_SOURCE = "replay"


def _view(batch: pl.DataFrame) -> pl.DataFrame:
    """The batch as if the candidate had decided; the undecidable says nothing at all (S14)."""
    open_ = pl.col(f"{DECIDED}status") == "undecidable"
    said = [pl.when(~open_).then(pl.col(DECIDED + n).fill_null("")).alias(n) for n in _SAYS]
    kept = [n for n in (*RUN_CUTS, *SIDE_CUTS, "run_id", "ts", "destructive") if n in batch.columns]
    return batch.select(*kept, *said, pl.lit(_SOURCE).alias("source_format"))


def _knowing(view: pl.DataFrame) -> Knowledge:
    """An empty decision is an undecidable one, so unknown; all else is as in the log."""
    columns = frozenset(view.columns)
    return Knowledge(columns, {_SOURCE: Fills(columns, frozenset(_SAYS))})


def projected_by_replay(
    log: Any,
    bundle: Bundle,
    selection: Selection,
    cuts: tuple[str, ...],
    org: Bundle | None = None,
) -> Projected:
    """As `Projection`, for a bundle that reads history: the whole log is replayed in its order."""
    beside = [c for c in (*cuts, "destructive", "tenant", "run_id") if c not in _MADE]
    have = [*scan_log(log).collect_schema().names(), *(derives(org) if org else ())]
    found = replay_selection(log, bundle, selection, by=[c for c in beside if c in have], org=org)
    own = [c for c in found.decided.columns if not c.startswith("log.") and c in _DECIDED]
    rows = found.decided.select(
        pl.col(own).name.prefix(DECIDED),
        *(
            pl.col(name).alias(name.removeprefix("log."))
            for name in found.decided.columns
            if name.startswith("log.")
        ),
    )
    projection = Projection(bundle, cuts, found.scope.tz)
    projection.take(rows.with_columns(gate=f"{DECIDED}gate", risk=f"{DECIDED}risk"))
    return finished(bundle, cuts, *projection.taken())


_MADE = ("gate", "risk", "day", "week")
_DECIDED = ("decision", "reason", "gate", "risk", "constraints", "status")
