"""What each kind of expression of a bundle may name (S7, S12).

The order of evaluation decides: derived attributes and lookups, then history and risk, then
conditions; each reads only what stands before it, plus params.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from govlab.lang.checker import Constant, Scope
from govlab.schema import ACTIONS, RUNS, request_columns
from govlab.types import DYN, STRING, Type, list_of

__all__ = ["Scopes", "make_scopes"]

_LATE = {
    **{c.name: "it is known only after the action" for c in ACTIONS.values() if c.phase == "after"},
    **{
        f"run.{c.name}": "it is known only after the run"
        for c in RUNS.values()
        if c.phase == "after"
    },
}


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scope of `derive` and lookups, of risk and history, and of conditions."""

    early: Scope
    condition: Scope


def make_scopes(
    attributes: Mapping[str, Type],
    lookups: Mapping[str, tuple[tuple[str, Type], ...]],
    keys: Mapping[str, tuple[str, ...]],
    params: Mapping[str, Constant],
    history: Mapping[str, Type],
    *,
    risk: bool,
) -> Scopes:
    """The scopes of one bundle: what it declares beside the columns every log may have."""
    readable = {
        **{c.name: c.type for c in request_columns().values()},
        **attributes,
        **{
            f"{name}.{column}": kind
            for name, columns in lookups.items()
            for column, kind in columns
        },
    }
    wrong = [f"params.{name}" for name, constant in params.items() if constant.type == DYN]
    readable |= dict.fromkeys(wrong, DYN)  # noted already: what reads them is not wrong too
    constants = {
        **{f"params.{name}": constant for name, constant in params.items()},
        **{f"{name}.keys": Constant(list_of(STRING), values) for name, values in keys.items()},
    }
    rows = frozenset(lookups)
    later = {f"history.{name}": "history is computed later" for name in history}
    early = Scope(readable, rows, constants, {**_LATE, **later, "risk": "risk is computed later"})
    computed = {f"history.{name}": kind for name, kind in history.items()}
    refused = dict(_LATE)
    if risk:
        computed["risk"] = STRING
    else:
        refused["risk"] = "the bundle declares no `risk` classes"
    return Scopes(early, Scope({**readable, **computed}, rows, constants, refused))
