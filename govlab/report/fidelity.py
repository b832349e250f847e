"""A fidelity check as text: the share that differs, what cannot be told, examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from govlab.fidelity import Fidelity, Kind
from govlab.log.citation import Citation
from govlab.registry.store import told
from govlab.report.disclosure import plain
from govlab.report.scope import filter_lines, source_line
from govlab.report.text import counted, percent, share, table, wrapped

__all__ = ["fidelity_text"]

_SHOWN = 12


def fidelity_text(result: Fidelity, source: Citation | None = None) -> str:
    """The page of `govlab fidelity`."""
    parts = [
        list(_headline(result)),
        [] if result.scope.is_all() else list(_scope(result)),
        list(_untold(result)),
        list(_snapshots(result)),
        list(_differences(result)),
        list(_undecidable(result)),
        list(_age(result)),
        [source_line(source)] if source else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _headline(result: Fidelity) -> Iterator[str]:
    value = result.value()
    if not result.compared:
        yield "no recorded decision could be compared with a replay of its own snapshot"
        return
    yield (
        f"decision mismatch rate {percent(result.differs, result.compared)}: "
        f"{result.differs:,} of {result.compared:,} recorded decisions are not what their own "
        "snapshot decides"
    )
    if value.value is None:
        yield "  more is unknown than known: no figure is made of this"
    elif value.low is not None and value.high is not None:
        yield (
            f"  95 % interval {100 * value.low:.2f} % to {100 * value.high:.2f} % of the process "
            f"behind the log ({value.clusters:,} runs, design effect {value.deff:.1f})"
        )


def _scope(result: Fidelity) -> Iterator[str]:
    scope = result.scope
    yield f"scope: {scope.selected:,} of {scope.log_events:,} events of the log"
    yield from filter_lines(scope)


def _untold(result: Fidelity) -> Iterator[str]:
    if result.unknown:
        yield f"not compared: {counted(result.unknown, 'recorded decision')}"
    if result.nameless:
        yield f"  {result.nameless:,} name no snapshot: log the digest with each decision"
    for digest, events in list(result.foreign.items())[:_SHOWN]:
        yield (
            f"  {events:,} name the snapshot {plain(digest)[:16]}, which the registry does not "
            "hold: `govlab registry add` it"
        )
    if result.undecidable:
        yield f"  {result.undecidable:,} hang on what the log does not know"
    if result.unchecked:
        yield f"  {result.unchecked:,} were not replayed yet"


def _snapshots(result: Fidelity) -> Iterator[str]:
    yield from table(
        ("snapshot", "digest", "decisions", "same", "differ", "undecidable"),
        (
            (f"{u.bundle} {u.version}", u.digest[:12], f"{u.events:,}", f"{u.same:,}",
             f"{u.differs:,}", f"{u.undecidable:,}")
            for u in result.under
        ),
        indent=0,
        right=(2, 3, 4, 5),
    )  # fmt: skip


def _differences(result: Fidelity) -> Iterator[str]:
    kinds = [kind for kind in result.kinds if kind.verdict == "differs"]
    if kinds:
        yield "differences, most frequent first (why: govlab explain SNAPSHOT --log LOG --id ID)"
        for k in kinds[:_SHOWN]:
            yield (
                f"  {k.events:>6,}  recorded {_decided(k.recorded, k.recorded_rule)}, "
                f"replayed {_decided(k.replayed, k.rule)}"
            )
            yield from wrapped(_examples(k), 10)
        yield from _more(kinds)


def _decided(decision: str, rule: str | None) -> str:
    return plain(f"{decision} by {rule}" if rule else f"{decision} by no rule")


def _examples(kind: Kind) -> str:
    since = f"since {told(kind.first)[:16]}Z, " if kind.first else ""
    return f"{since}such as {plain(', '.join(kind.examples))}"


def _more(kinds: Sequence[Kind]) -> Iterator[str]:
    rest = kinds[_SHOWN:]
    if rest:
        yield f"  and {counted(sum(k.events for k in rest), 'event')} of {len(rest):,} more kinds"


def _undecidable(result: Fidelity) -> Iterator[str]:
    kinds = [kind for kind in result.kinds if kind.verdict == "undecidable"]
    if kinds:
        yield "cannot be decided from this log"
        for k in kinds[:_SHOWN]:
            yield (
                f"  {k.events:>6,}  recorded {_decided(k.recorded, k.recorded_rule)}; "
                f"unknown: {plain(', '.join(k.lacks))}"
            )
            yield from wrapped(_examples(k), 10)
        yield from _more(kinds)


def _age(result: Fidelity) -> Iterator[str]:
    """What was replayed now and how far the check lags behind the log; no clock is asked."""
    yield (
        f"replayed now {share(result.replayed, result.pieces)} pieces of the log, "
        "the others had been checked before"
    )
    if result.through is not None and result.newest is not None:
        behind = f", {result.behind_s:,} s before the log's newest" if result.behind_s else ""
        yield f"checked up to the decision of {told(result.through)}{behind}"
