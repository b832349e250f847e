"""A replay on a cube: its rows are decided once, and counted as often as they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from govlab.bundle import Bundle
from govlab.cube.family import admit, refuse_filters
from govlab.cube.file import read_cube
from govlab.cube.model import Cube
from govlab.errors import UsageError
from govlab.plan import compile_plan
from govlab.plan.assume import with_assumptions
from govlab.replays.model import Replay
from govlab.selection import Selection

__all__ = ["refuse_with_cube", "replay_cube"]


def replay_cube(
    cube: Cube | str | Path,
    bundle: Bundle,
    selection: Selection,
    *,
    by: Sequence[str] = (),
    assume: Mapping[str, Any] | None = None,
    default: str | None = None,
) -> Replay:
    """The counts of `bundle` over the log that `cube` was made of, exactly.

    Raises UsageError where the bundle asks what the cube cannot tell apart, for filters, and for
    a column that was not kept.
    """
    read = cube if isinstance(cube, Cube) else read_cube(Path(cube))
    refuse_filters(selection)
    plan = with_assumptions(compile_plan(bundle), assume or {}, default)
    admit(read, plan)
    _check_cuts(read, by)
    rows = read.rows
    shown = tuple(rows.columns)
    return Replay(
        bundle, plan, "columnar", tuple(by), rows.lazy(), shown, "counterfactual", "recorded",
        replace(read.origin.scope, tz=selection.tz), cube=read,
    )  # fmt: skip


def refuse_with_cube(what: str, given: object) -> None:
    """Raises UsageError where `what` was given for a cube, which has not the columns it needs."""
    if given is not None:
        raise UsageError(f"{what} reads the log itself; a cube keeps only what its bundles ask for")


def _check_cuts(cube: Cube, by: Sequence[str]) -> None:
    whole = {c for kept in cube.kept if kept.kind == "plain" for c in kept.columns}
    whole |= {n for kept in cube.kept for n in kept.exact}
    for name in by:
        if name not in whole:
            raise UsageError(
                f"the cube has not kept `{name}` to count by; make it again with `--by {name}`"
            )
