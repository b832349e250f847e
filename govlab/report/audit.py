"""What an auditor's commands print: chains, questions, reconciliation, how far a log goes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import polars as pl

from govlab.audit.chain import NATIVE, Chain, Verification
from govlab.audit.links import Gap
from govlab.audit.questions import Answered, Answers, Questions
from govlab.audit.reconcile import Reconciled
from govlab.audit.retention import Kept
from govlab.report.disclosure import CLOSED, PEOPLE, Disclosure, value_shown
from govlab.report.text import clean, counted, percent, share, table, wrapped

__all__ = [
    "questions_document",
    "questions_text",
    "reconciled_text",
    "retention_document",
    "retention_text",
    "rows_table",
    "shown_rows",
    "verification_document",
    "verification_text",
]

_MEANS = {
    "ok": "every record up to the signed checkpoint is as it was then",
    "partial": "the beginning was trimmed at a signed checkpoint; what is left is as it was",
    "unanchored": "no gap inside the chain; without a signed checkpoint nobody can tell whether "
    "its end was cut or all of it written anew (`govlab audit checkpoint` signs one)",
    "compromised": "the chain is broken: records were changed, taken out, put in or moved",
    "none": "the log carries no evidence chain, so that nothing can be verified",
}
_SHOWN_GAPS = 20
_PAGE = 120  # columns that the questions take: none is worth cutting


def verification_text(found: Verification) -> str:
    """The page `govlab audit verify` prints."""
    return "\n".join(_verification(found))


def _verification(found: Verification) -> Iterator[str]:
    yield from wrapped(f"chain: {found.status}: {_MEANS[found.status]}", hang=7)
    if found.rules != "govlab":
        yield f"by the rules of {found.rules}"
    yield ""
    rows = [_chain_row(chain) for chain in found.chains]
    header = ("chain", "status", "records", "places", "anchored", "gaps")
    yield from table(header, rows, right=(2, 4, 5))
    gaps = list(found.gaps())
    if gaps:
        yield from ("", "gaps:")
        named = ("kind", "chain", "place", "row", "event", "what is wrong")
        yield from table(named, [_gap_row(gap) for gap in gaps[:_SHOWN_GAPS]], right=(2, 3))
        if len(gaps) > _SHOWN_GAPS:
            yield f"  ... and {len(gaps) - _SHOWN_GAPS:,} more (--json lists all)"
    if found.unchained:
        yield f"outside any chain: {counted(found.unchained, 'record')}"
    for name, records in found.foreign:
        how = (
            "`govlab audit verify FILE`" if name in NATIVE else "that system's own tools verify it"
        )
        yield (
            f"{clean(name)}: {counted(records, 'record')} carry their own system's chain; "
            f"what its hashes cover is only in the native file: {how}"
        )


def _chain_row(chain: Chain) -> tuple[str, ...]:
    span = f"{chain.first:,} to {chain.size - 1:,}" if chain.records else "-"
    numbers = (f"{chain.anchored:,}", f"{len(chain.gaps):,}")
    return (_tenant(chain.tenant), chain.status, f"{chain.records:,}", span, *numbers)


def _gap_row(gap: Gap) -> tuple[Any, ...]:
    return (gap.kind, _tenant(gap.tenant), gap.seq, gap.row, gap.event_id, gap.detail)


def _tenant(tenant: str | None) -> str:
    return "(no tenant)" if tenant is None else clean(tenant)


def verification_document(found: Verification) -> dict[str, Any]:
    """The JSON of a verification."""
    return {
        "status": found.status,
        "rules": found.rules,
        "records": found.records,
        "unchained": found.unchained,
        "foreign": dict(found.foreign),
        "chains": [_chain_document(chain) for chain in found.chains],
        "gaps": [_gap_document(gap) for gap in found.gaps()],
    }


def _chain_document(chain: Chain) -> dict[str, Any]:
    return {
        "tenant": chain.tenant,
        "status": chain.status,
        "records": chain.records,
        "first": chain.first,
        "size": chain.size,
        "anchored": chain.anchored,
        "head": chain.digests[-1].hex() if chain.digests else None,
        "gaps": len(chain.gaps),
    }


def _gap_document(gap: Gap) -> dict[str, Any]:
    return {
        "tenant": gap.tenant,
        "kind": gap.kind,
        "seq": gap.seq,
        "row": gap.row,
        "event_id": gap.event_id,
        "detail": gap.detail,
    }


def questions_text(asked: Questions) -> str:
    """The page `govlab audit questions` prints."""
    return "\n".join(_questions(asked))


def _questions(asked: Questions) -> Iterator[str]:
    runs = asked.complete.runs
    total = runs.yes + runs.no + runs.open
    yield f"{share(runs.yes, total)} of the runs with an action answer all five questions"
    yield ""
    rows = [_answer_row(answer) for answer in (*asked.answers, asked.complete)]
    titles = ("runs: yes", "no", "open", "actions: yes", "no", "open", "question")
    yield from table(titles, rows, right=range(6), most=_PAGE)
    yield "  open: nobody can tell, because a source does not say whether the question applies"
    if asked.outside:
        yield f"  {counted(asked.outside, 'action')} belong to no run and count as actions only"
    if asked.missing:
        yield from ("", "fields to fill, the one first that completes the most runs:")
        ranked = [
            (f"{m.runs:,}", f"{m.alone:,}", percent(m.together, total), m.question, m.field)
            for m in asked.missing
        ]
        header = ("runs lack it", "alone completes", "with those above", "question", "field")
        yield from table(header, ranked, right=(0, 1, 2), most=_PAGE)


def _answer_row(answer: Answers) -> tuple[str, ...]:
    cells = [f"{n:,}" for part in (answer.runs, answer.actions) for n in _numbers(part)]
    return (*cells, answer.text)


def _numbers(part: Answered) -> tuple[int, int, int]:
    return part.yes, part.no, part.open


def questions_document(asked: Questions) -> dict[str, Any]:
    """The JSON of the five questions."""
    both = (*asked.answers, asked.complete)
    return {
        "questions": [
            {"id": a.question, "question": a.text, "runs": _counts(a.runs),
             "actions": _counts(a.actions)}
            for a in both
        ],
        "missing": [
            {"field": m.field, "question": m.question, "runs": m.runs, "alone": m.alone,
             "together": m.together}
            for m in asked.missing
        ],
        "outside_runs": asked.outside,
    }  # fmt: skip


def _counts(part: Answered) -> dict[str, int]:
    return {"yes": part.yes, "no": part.no, "open": part.open}


def reconciled_text(found: Reconciled, most: int | None, disclosure: Disclosure = CLOSED) -> str:
    """The page `govlab audit reconcile` prints; `most` records of each side at most."""
    return "\n".join(_reconciled(found, most, disclosure))


def _reconciled(found: Reconciled, most: int | None, disclosure: Disclosure) -> Iterator[str]:
    keys = ", ".join(map(clean, found.keys))
    yield f"records with equal {keys}{_apart(found.within)}, one to one"
    yield f"  matched                      {found.matched:>12,}"
    yield f"  matched, others fit as well  {found.ambiguous:>12,}  paired in the order of time"
    yield f"  only in LOG                  {found.only_left.height:>12,}  of {found.left:,}"
    yield f"  only in INDEPENDENT_LOG      {found.only_right.height:>12,}  of {found.right:,}"
    for what, (left, right) in (("a key", found.keyless), ("a time", found.untimed)):
        if left or right:
            yield f"  without {what}: {left:,} of LOG, {right:,} of INDEPENDENT_LOG: never matched"
    for name, rows in (("LOG", found.only_left), ("INDEPENDENT_LOG", found.only_right)):
        if rows.height:
            yield from ("", f"only in {name}:")
            yield from rows_table(rows, most, disclosure)


def _apart(within: timedelta | None) -> str:
    return "" if within is None else f" and times at most {within.total_seconds():g} s apart"


def rows_table(
    rows: pl.DataFrame, most: int | None, disclosure: Disclosure = CLOSED
) -> Iterator[str]:
    """Events as aligned lines, `most` of them, without what may not be shown."""
    some = rows if most is None else rows.head(most)
    shown = shown_rows(some, disclosure)
    yield from table(shown.columns, [[_cell(c) for c in row] for row in shown.iter_rows()])
    if rows.height > some.height:
        yield f"  ... and {rows.height - some.height:,} more (--show all lists them)"


def _cell(value: Any) -> Any:
    match value:
        case list():
            return "; ".join(map(str, value))
        case _ if hasattr(value, "isoformat"):
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return value


def shown_rows(rows: pl.DataFrame, disclosure: Disclosure = CLOSED) -> pl.DataFrame:
    """The rows with people hidden and secrets masked, each distinct text looked at once."""
    texts = rows.with_columns(pl.col(pl.Categorical).cast(pl.String))
    return texts.with_columns(
        _hidden(texts.get_column(name), disclosure)
        for name, kind in texts.schema.items()
        if kind in (pl.String, pl.List(pl.String)) and name != "event_id"
    )


def _hidden(column: pl.Series, disclosure: Disclosure) -> pl.Series:
    name = column.name
    if name in PEOPLE and not disclosure.show_people:
        hidden = value_shown(name, "someone", disclosure)
        told = [None if cell is None else hidden for cell in column.to_list()]
        return pl.Series(name, told, pl.String)
    if column.dtype == pl.List(pl.String):
        listed = [None if c is None else value_shown(name, c, disclosure) for c in column.to_list()]
        return pl.Series(name, listed, pl.List(pl.String))
    known = column.drop_nulls().unique()
    if not len(known):
        return column
    told = [value_shown(name, text, disclosure) for text in known.to_list()]
    return column.replace_strict(known, pl.Series(told, dtype=pl.String), default=None)


def retention_text(found: list[Kept]) -> str:
    """The page `govlab audit retention` prints."""
    return "\n".join(_retention(found))


def _retention(found: list[Kept]) -> Iterator[str]:
    yield "how far back the log goes (days of UTC)"
    rows = [
        (kept.system or "(no system)", kept.source_format or "-", f"{kept.events:,}",
         _day(kept.oldest), _day(kept.newest), f"{kept.days:,}", f"{_silent(kept):,}",
         f"{kept.untimed:,}")
        for kept in found
    ]  # fmt: skip
    header = ("system", "source", "events", "oldest", "newest", "days", "silent days", "no time")
    yield from table(header, rows, right=(2, 5, 6, 7))
    for kept in found:
        longest = sorted(kept.silent, key=lambda span: span[0] - span[1])[:5]
        if longest:
            spans = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in longest)
            yield f"  {clean(kept.system or '(no system)')} is silent longest: {spans}"
    yield "  a deadline is not judged here: which one holds, the law and the contract say"


def _day(at: Any) -> str:
    return "-" if at is None else at.date().isoformat()


def _silent(kept: Kept) -> int:
    return sum((b - a).days + 1 for a, b in kept.silent)


def retention_document(found: list[Kept]) -> dict[str, Any]:
    """The JSON of a log's retention."""
    return {
        "systems": [
            {"system": k.system, "source_format": k.source_format, "events": k.events,
             "without_time": k.untimed, "oldest": k.oldest and k.oldest.isoformat(),
             "newest": k.newest and k.newest.isoformat(), "days": k.days,
             "silent": [[str(a), str(b)] for a, b in k.silent]}
            for k in found
        ]
    }  # fmt: skip
