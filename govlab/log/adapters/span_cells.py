"""What a map reads from spans, those above them and their resources, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from govlab.log.adapters.span_values import column, micro_usd, said, sealed, stated
from govlab.log.adapters.spans import Span
from govlab.log.adapters.words import verdict
from govlab.log.spanmap import SpanMap

__all__ = ["cells_of", "decided"]

_Columns = dict[str, list[Any]]


def cells_of(
    spans: Sequence[Span], above: Sequence[Mapping[str, Any]], known: SpanMap
) -> _Columns:  # fmt: skip
    """The columns that the map names, one cell a span; `above` are those that it inherits."""
    attributes = [span.attributes for span in spans]
    resources = [span.resource for span in spans]
    there = set().union(*attributes)
    cells: _Columns = {}
    for name, names in {**known.inherited, **known.columns}.items():
        values = _stated(attributes, [attribute for attribute in names if attribute in there])
        if name not in known.columns and None in values:
            values = [a.get(name) if v is None else v for v, a in zip(values, above, strict=True)]
        if None in values:
            values = _of_resources(values, resources, names)
        cells |= _column(name, values)
    return cells


def _stated(attributes: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Any]:
    """What the first of `names` that is there says, if it says anything."""
    match names:
        case []:
            return [None] * len(attributes)
        case [name]:
            values = [held.get(name) for held in attributes]
            return [said(v) if type(v) is str and v[:8] == "unknown_" else v for v in values]
        case _:
            return [stated(held, names) for held in attributes]


def _of_resources(
    values: list[Any], resources: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[Any]:
    """`values` with what the resource says where there is none; many spans share one."""
    known = dict(zip(map(id, resources), resources, strict=True))
    told = {place: stated(of, names) for place, of in known.items()}
    if len(told) == 1:
        (one,) = told.values()
        return values if one is None else [one if v is None else v for v in values]
    return [told[id(of)] if v is None else v for v, of in zip(values, resources, strict=True)]


def _column(name: str, values: list[Any]) -> _Columns:
    return sealed(values) if name == "args" else {name: column(name, values)}


def decided(cells: _Columns, words: Mapping[str, str]) -> tuple[_Columns, dict[int, Any]]:
    """`cells` with the decisions and the costs they name in the columns of the log.

    Beside them what goes to `extra` of the row in a place: a decision's word that no table maps.
    """
    notes: dict[int, Any] = {}
    rest = {name: values for name, values in cells.items() if name not in ("decision", "cost")}
    columns: _Columns = {}
    for place, word in enumerate(cells.get("decision", ())):
        found, note = verdict(word, words)
        for name, value in found.items():
            columns.setdefault(name, [None] * len(cells["decision"]))[place] = value
        if note:
            notes[place] = note
    for name, values in rest.items():
        below = columns.get(name, values)
        columns[name] = [b if v is None else v for v, b in zip(values, below, strict=True)]
    return columns | _costs(cells), notes


def _costs(cells: _Columns) -> _Columns:
    """The cost of a call, which was both foreseen and spent, goes before what else says it."""
    costs = cells.get("cost", ())
    if not costs:
        return {}
    return {
        name: [
            known if cost is None else micro_usd(cost)
            for cost, known in zip(costs, cells.get(name, [None] * len(costs)), strict=True)
        ]
        for name in ("cost_micro_usd", "actual_cost_micro_usd")
    }
