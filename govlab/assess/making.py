"""A log made into a scorecard: read once, judged, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from govlab.assess.asking import BY, Asked, Price, checked_cuts, earlier
from govlab.assess.card import Comparison, Judged, Scorecard, compared, read_card
from govlab.assess.checks import Checks, checks_of
from govlab.assess.commands import Asking
from govlab.assess.daily import Day, series_of
from govlab.assess.findings import findings
from govlab.assess.gaps import gaps_of
from govlab.assess.maturity import PLACES, assess, shipped_criteria
from govlab.assess.projection import Projected, finished, projected_by_replay
from govlab.assess.rows import Rows, Source, source_of
from govlab.assess.targets import judge, targets_named
from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError
from govlab.kpi.catalog import FIGURES, spec_of
from govlab.kpi.finish import finish
from govlab.kpi.model import Value
from govlab.kpi.partials import Partial
from govlab.kpi.spec import Spec
from govlab.log.citation import cite
from govlab.registry import Registry, open_registry
from govlab.replays.organisation import load_org
from govlab.scheduled import open_history
from govlab.selection import Scope, Selection
from govlab.selection.model import Instant

__all__ = ["made", "scorecard"]


def scorecard(  # noqa: PLR0913  the options of the command, one argument each
    log: Any,
    *,
    bundle: Bundle | str | Path | None = None,
    targets: str | Path | None = None,
    cuts: Sequence[str] = BY,
    compare_to: str | Path | None = None,
    price: Price | None = None,
    registry: Registry | str | Path | None = None,
    org: Bundle | str | Path | None = None,
    where: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    last: str | None = None,
    as_of: Instant | None = None,
    tz: str = "UTC",
    history: str | Path | None = None,
) -> Scorecard:
    """The scorecard of `log`: a path, a `LazyFrame`, a `DataFrame` or an Arrow table.

    `bundle` adds what it would have decided, and what it says of the actions decided under it.
    `targets` is a YAML file, or `govlab` for those that are shipped: without any nothing passes or
    fails. `compare_to` is `previous`, a period `A..B`, or the file of an earlier scorecard.
    `registry` tells which snapshot was in force when, and what `govlab fidelity` found. `org`
    derives attributes that the log lacks. Filters are as for `replay`. `history`, a folder or the
    URL of an object store, keeps what each day comes to: the next scorecard reads only the days
    that changed, and is the same as without it.

    Raises UsageError for an option that does not exist, LogError where the log cannot be read,
    BundleError where the bundle does not load, RegistryError where the registry is damaged.

    >>> from govlab.bundled import shipped
    >>> card = scorecard(shipped("datasets") / "acme-ops", last="14d")
    >>> card.figure("decisions.decided_share").value.denominator
    9228
    """
    asked = Asked(
        selection=Selection(where, since, until, last, as_of, tz),
        bundle=load_bundle(bundle) if isinstance(bundle, str | Path) else bundle,
        targets=None if targets is None else targets_named(targets),
        targets_from=None if targets is None else str(targets),
        cuts=tuple(cuts),
        compare_to=compare_to,
        price=price,
        org=load_org(org) if isinstance(org, str | Path) else org,
        registry=open_registry(registry) if isinstance(registry, str | Path) else registry,
    )
    return made(log, asked) if history is None else _continued(log, asked, history)


def _continued(log: Any, asked: Asked, place: str | Path) -> Scorecard:
    if not isinstance(log, str | Path):
        raise UsageError("a history is kept of a log on disk; give its path")
    with open_history(place, series_of(log, asked, place)) as history:
        card = made(log, replace(asked, history=history))
        history.finish(card.standing())
    return card


def made(log: Any, asked: Asked) -> Scorecard:
    """The scorecard of `log` with its options as one value."""
    cuts = checked_cuts(asked.cuts, bundle=asked.bundle is not None)
    source = source_of(log)
    checks = _checks(source, asked)
    card = _card(source, replace(asked, cuts=cuts), checks)
    if asked.compare_to is None:
        return card
    return replace(card, comparison=_comparison(source, asked, card))


def _checks(source: Source, asked: Asked) -> Checks:
    """What is stored is of the whole log: of what a condition chooses it says nothing."""
    if asked.selection.where is not None:
        return Checks()
    return checks_of(source.path, source.folder, asked.registry)


def _card(source: Source, asked: Asked, checks: Checks) -> Scorecard:
    chosen, spec = Rows.of(source, asked), spec_of(cuts=asked.cuts)
    day, known = chosen.read(spec)
    whole, rows = day.recorded, chosen.frame
    values = _finished(whole, spec, asked, chosen.scope, checks)
    targets = asked.targets or {}
    figures = tuple(
        Judged(FIGURES[v.id], v, judge(FIGURES[v.id], v, targets.get(v.id)))
        for v in values
        if v.cut is None
    )
    return Scorecard(
        figures=figures,
        maturity=assess(values, asked.criteria or shipped_criteria(), cuts=_placed(asked)),
        cuts={cut: tuple(v for v in values if v.cut == cut) for cut in asked.cuts},
        findings=findings(rows, values, whole, known),
        unknown=gaps_of(FIGURES, values, spec, known),
        scope={
            **_scope(source, asked, chosen.scope, whole),
            "checks": checks.to_dict(chosen.scope.until or whole.newest),
        },
        projected=_projected(day, chosen),
        rows=rows,
        folder=source.folder,
        told=chosen.told,
        asking=_asking(source, asked),
    )


def _asking(source: Source, asked: Asked) -> Asking:
    return Asking(
        str(source.path or "LOG"),
        asked.selection,
        str(asked.registry.folder) if asked.registry else None,
        str(asked.org.path) if asked.org else None,
    )


def _finished(
    whole: Partial, spec: Spec, asked: Asked, scope: Scope, checks: Checks
) -> list[Value]:
    """The values; ages count to the end of the period, and answers are priced where asked."""
    cuts = (None, *asked.cuts)
    values = finish(whole, spec, cuts=cuts, as_of=scope.until, stored=checks.values(),
                    parted=_parted(asked))  # fmt: skip
    answers = next(v for v in values if v.id == "approvals.answers" and v.cut is None)
    if asked.price is None or answers.value is None:
        return values
    cost = asked.price.of(int(answers.value))
    priced = Value("approvals.price", None, None, cost, cost, None, answers.unknown)
    return [priced if value.id == priced.id else value for value in values]


def _parted(asked: Asked) -> frozenset[str] | None:
    """The figures that are cut: all where cuts were asked for, else those that are looked at."""
    if asked.cuts != BY:
        return None
    judged = {criterion.figure for criterion in asked.criteria or shipped_criteria()}
    return frozenset({name for name, figure in FIGURES.items() if figure.board} | judged)


def _placed(asked: Asked) -> tuple[str, ...]:
    """The cuts whose values are given a level: those asked for, or the usual places."""
    return PLACES if asked.cuts == BY else asked.cuts


def _projected(day: Day, chosen: Rows) -> Projected | None:
    """What the bundle would have decided; one that reads history is replayed by itself."""
    source, asked = chosen.source, chosen.asked
    if asked.bundle is None:
        return None
    if day.projected is not None:
        return finished(asked.bundle, asked.cuts, day.projected, day.replay)
    log = source.frame if source.folder is None else source.folder
    return projected_by_replay(log, asked.bundle, asked.selection, asked.cuts, asked.org)


def _scope(source: Source, asked: Asked, scope: Scope, whole: Partial) -> dict[str, Any]:
    cited = cite(source.folder) if source.folder else None
    as_of, bundle = scope.until or whole.newest, asked.bundle
    return {
        **scope.to_dict(whole.kinds.events, (whole.oldest, whole.newest), cited),
        "runs": whole.kinds.run_count,
        "as_of": scope.shown(as_of),
        "cuts": list(asked.cuts),
        "source": cited.to_dict() if cited else None,
        "targets": asked.targets_from,
        "snapshot_in_force": "registry" if asked.registry else "self-reported",
        "registry": _named(asked.registry) if asked.registry else None,
        "bundle": bundle
        and {"name": bundle.name, "version": bundle.version, "digest": bundle.digest},
        "assumptions": list(bundle.assumptions) if bundle else [],
        "price": asked.price
        and {"minutes": asked.price.minutes, "hour_micro_usd": asked.price.hour_micro_usd},
    }


def _named(registry: Registry) -> dict[str, Any]:
    """Which registry, and how far: its ledger is a chain, so that its last hash names it all."""
    entries = registry.entries
    head = {"head": entries[-1].hash} if entries else {}
    return {"folder": str(registry.folder), "entries": len(entries), **head}


def _comparison(source: Source, asked: Asked, card: Scorecard) -> Comparison:
    """Against an earlier scorecard's file, or another period of the same log."""
    said = str(asked.compare_to)
    if Path(said).expanduser().is_file():
        return compared(read_card(Path(said).expanduser()), card.to_dict())
    now = Rows.of(source, replace(asked, bundle=None, registry=None)).scope
    before = earlier(asked.selection, now, _newest(card), said)
    plain = replace(asked, selection=before, compare_to=None, bundle=None)
    return compared(_card(source, plain, Checks()).to_dict(), card.to_dict())


def _newest(card: Scorecard) -> datetime | None:
    shown = card.scope["newest"]
    return datetime.fromisoformat(shown) if shown else None
