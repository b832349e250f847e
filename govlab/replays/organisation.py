"""What an organisation knows of its agents, given to figures without a bundle (J5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from govlab.backends.columnar.derived import derived_columns
from govlab.backends.columnar.distinct import group
from govlab.bundle import Bundle, load_bundle
from govlab.bundle.model import Derivation
from govlab.bundle.sources import there
from govlab.errors import UsageError
from govlab.log.conform import polars_type
from govlab.plan import Plan, compile_plan
from govlab.schema import MARKS

__all__ = ["DERIVED_COLUMNS", "derives", "enrich", "load_org"]

DERIVED_COLUMNS: Final = "derived_columns"
"""The column beside each row that names what was derived in it, comma-separated."""

_MARKS: Final = (MARKS[0], MARKS[1], DERIVED_COLUMNS)
_MALFORMED, _UNKNOWN = 2, 3  # of a derived column's marks
_REFUSED: Final = ("policies", "risk", "history", "parent")


def load_org(path: str | Path) -> Bundle:
    """The organisation file at `path`: `attributes`, `params`, `lookups`, `derive`, as in a bundle.

    Raises BundleError with everything wrong in it, UsageError where it is not there, decides
    something or derives nothing.
    """
    place = there(str(path))
    if place is None:
        raise UsageError(f"no organisation file at `{path}`")
    found = load_bundle(place)
    for name in _REFUSED:
        if getattr(found, name):
            key = "extends" if name == "parent" else name
            raise UsageError(
                f"`{path}`: an organisation file only derives attributes; move `{key}` to a bundle"
            )
    if not found.derive:
        raise UsageError(f"`{path}`: no `derive`, so nothing would be filled")
    return found


def derives(org: Bundle) -> tuple[str, ...]:
    """The attributes that `org` derives, sorted.

    >>> from govlab.bundle import load_bundle
    >>> derives(load_bundle("prod-safety"))
    ('env',)
    """
    steps = compile_plan(org).scopes[0].steps
    return tuple(sorted(step.attribute for step in steps if isinstance(step, Derivation)))


def enrich(log: pl.LazyFrame, org: Bundle | str | Path) -> pl.LazyFrame:
    """`log` with the attributes that `org` derives filled, its other columns and rows as they are.

    A derived value stands where the event has none, and over one that the agent said;
    `derived_columns` names, row by row, what was filled so. Marks follow: what is filled is no
    longer unknown, what could not be computed is malformed.

    Raises what `load_org` raises, where `org` is a path.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "org.yaml"
    >>> _ = path.write_text("derive: {env: [{when: tool == 'psql', value: \\"'production'\\"}]}")
    >>> log = pl.LazyFrame({"tool": ["psql", "ls"]})
    >>> enrich(log, path).select("env", "derived_columns", "unknown_columns").collect().rows()
    [('production', 'env', None), (None, None, 'env')]
    """
    plan = compile_plan(org if isinstance(org, Bundle) else load_org(org))
    given = log.collect_schema()
    derived = [s.attribute for s in plan.scopes[0].steps if isinstance(s, Derivation)]
    types = {name: polars_type(plan.reads()[name]) for name in derived}
    schema = pl.Schema({**given, **types, **dict.fromkeys(_MARKS, pl.String())})
    return log.map_batches(
        lambda frame: _enriched(plan, frame, schema),
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
        schema=schema,
    )


def _enriched(plan: Plan, frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The rows of `frame` with the derived columns and their marks, as `schema` has them."""
    columns = derived_columns(plan, frame)
    given = frame.with_columns(
        pl.lit(None, pl.String).alias(name) for name in _MARKS if name not in frame.columns
    )
    texts = given.select(pl.col(name).cast(pl.String) for name in _MARKS)
    states = [s for column in columns.values() for s in (column.mark, column.filled)]
    groups = group([*texts.get_columns(), *states], frame.height)
    rows = texts[groups.rows].rows()
    marked = [
        _marked(texts_of, {n: (c.mark[row], c.filled[row]) for n, c in columns.items()})
        for texts_of, row in zip(rows, groups.rows, strict=True)
    ]
    made = [
        pl.Series(name, [texts_of[at] for texts_of in marked], pl.String).gather(groups.ids)
        for at, name in enumerate(_MARKS)
    ]
    values = [column.value.cast(schema[name]).alias(name) for name, column in columns.items()]
    return given.with_columns(*values, *made).select(list(schema))


def _marked(
    texts: Sequence[str | None], states: Mapping[str, tuple[int, bool]]
) -> list[str | None]:
    """The three marks of a row, once its attributes have `states`: what they are, if filled."""
    holds = [
        {name: mark == _UNKNOWN for name, (mark, _) in states.items()},
        {name: mark == _MALFORMED for name, (mark, _) in states.items()},
        {name: filled for name, (_, filled) in states.items()},
    ]
    return [_listed(text, held) for text, held in zip(texts, holds, strict=True)]


def _listed(text: str | None, held: Mapping[str, bool]) -> str | None:
    """The names in `text`, with those that are `held` and without those that are not."""
    kept = [name for name in (text or "").split(",") if name and held.get(name, True)]
    return (
        ",".join(dict.fromkeys([*kept, *(name for name, holds in held.items() if holds)])) or None
    )
