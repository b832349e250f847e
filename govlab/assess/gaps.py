"""What a log cannot tell, and which column would let it (J4, J15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from govlab.kpi.facts import FACT_READS
from govlab.kpi.knowledge import Knowledge
from govlab.kpi.model import Figure, KeyTable, Stored, Value
from govlab.kpi.spec import Spec

__all__ = ["Gap", "Gaps", "gaps_of", "remedy"]

_RULES: Final = "the rules in force (--bundle BUNDLE)"
_ELSEWHERE: Final = {
    "digest_registered": "a registry (--registry DIR)",
    "approver_ineligible": _RULES,
    "evidence_required": _RULES,
    "required_quorum": _RULES,
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A column that no source fills: `alone` are the figures it would answer by itself.

    `among` are those that need other columns too.
    """

    column: str
    alone: tuple[str, ...]
    among: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """The figures that cannot be told, those that nobody has checked, and what would help."""

    untold: tuple[str, ...]
    unchecked: tuple[str, ...]
    columns: tuple[Gap, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; columns that answer most come first."""
        return {
            "figures": list(self.untold),
            "unchecked": list(self.unchecked),
            "columns": [
                {"column": g.column, "answers": list(g.alone), "helps": list(g.among)}
                for g in self.columns
            ],
        }


def remedy(column: str) -> str:
    """What fills a column, in words: most are columns of the log, and some are not recorded in it.

    >>> remedy("trace_id"), remedy("digest_registered")
    ('trace_id', 'a registry (--registry DIR)')
    """
    return _ELSEWHERE.get(column, column)


def gaps_of(
    figures: Mapping[str, Figure], values: Iterable[Value], spec: Spec, known: Knowledge
) -> Gaps:
    """What is missing for those of `values` that are unknown; made for `spec`."""
    open_ = [v.id for v in values if v.cut is None and v.value is None and v.unknown]
    unchecked = [name for name in open_ if isinstance(figures[name].measure, Stored)]
    untold = [name for name in open_ if name not in unchecked]
    lacks = {name: _lacks(spec.only(figures[name]), known) for name in untold}
    columns = sorted(set().union(*lacks.values())) if lacks else []
    gaps = [
        Gap(
            column,
            tuple(name for name in untold if lacks[name] == {column}),
            tuple(name for name in untold if column in lacks[name] and len(lacks[name]) > 1),
        )
        for column in columns
    ]
    ranked = sorted(gaps, key=lambda gap: (-len(gap.alone), -len(gap.among), gap.column))
    return Gaps(tuple(untold), tuple(unchecked), tuple(ranked))


def _lacks(spec: Spec, known: Knowledge) -> set[str]:
    """The columns that a figure needs and nobody fills: of its terms, durations and keys."""
    terms = [term for term in spec.terms if term.lacking == "NULL"]
    columns = {name for q in spec.quantities for name in (q.start, q.end) if name is not None}
    columns |= {name for table in spec.tables for name in _needed(table)}
    found = set().union(*(known.lacking(term) for term in terms)) if terms else set()
    return found | {name for name in columns if known.is_lacking(name)}


def _needed(table: KeyTable) -> set[str]:
    named = {name for name in table.keys if name not in table.optional}
    named |= {column for column, _ in table.ranges}
    return {base for name in named for base in FACT_READS.get(name, (name,))}
