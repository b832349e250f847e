"""A scorecard as a page of text: maturity, what is worst, the first figures, what is unknown."""

from __future__ import annotations

from collections.abc import Iterator

from govlab.assess.card import Comparison, Judged, Scorecard
from govlab.assess.gaps import remedy
from govlab.assess.maturity import LEVELS, Judgement
from govlab.assess.sentences import amount
from govlab.kpi.catalog import FIGURES
from govlab.report.card_scope import card_period, card_scope_lines, time_shown
from govlab.report.disclosure import CLOSED, Disclosure, plain
from govlab.report.text import clean, counted, wrapped

__all__ = ["maturity_text", "scorecard_text"]

_CHANGES, _COLUMNS, _STEPS = 8, 6, 5
_TOLD = ("actor", "tool", "action", "decision")


def scorecard_text(card: Scorecard, disclosure: Disclosure = CLOSED) -> str:
    """The page that `govlab scorecard` prints."""
    blocks = [
        [_headline(card), *card_scope_lines(card.scope)],
        ["The worst, with the first events:", *_findings(card, disclosure)],
        ["Figures of the board [95 % interval]:", *_table(card.board())],
        _projected(card),
        _changed(card.comparison) if card.comparison else [],
        list(_unknown(card)),
        [*_closing(card)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _headline(card: Scorecard) -> str:
    level = card.maturity.level
    return f"maturity {level} of {len(LEVELS) - 1}: {LEVELS[level]}"


def _findings(card: Scorecard, disclosure: Disclosure) -> Iterator[str]:
    if not card.findings:
        yield "  nothing that is a risk in itself was found; what is unknown may hide some"
    for finding in card.findings:
        judged = card.figure(finding.figure.id)
        yield from wrapped(f"- {judged.sentence}", hang=2)
        for event in finding.events[:1]:
            told = [plain(event.get(n), disclosure) for n in _TOLD if event.get(n) is not None]
            at = time_shown(event.get("ts"), card.scope["tz"])
            parts = [*([at] if at else []), *told, clean(event["event_id"])]
            yield f"    e.g. {', '.join(parts)}"
        yield f"    next: {finding.figure.next_step} ({finding.figure.owner})"


def _table(figures: tuple[Judged, ...]) -> list[str]:
    """A line a figure: its status, its sentence, its interval."""
    return [f"  {_status(judged):8} {judged.sentence}{_range(judged)}" for judged in figures]


def _status(judged: Judged) -> str:
    """What was neither judged nor is unknown has none."""
    return "-" if judged.status == "none" else judged.status


def _range(judged: Judged) -> str:
    value, unit = judged.value, judged.figure.unit
    if value.value is None or value.low is None or value.high is None:
        return ""
    return f" [{amount(value.low, unit)} to {amount(value.high, unit)}]"


def _projected(card: Scorecard) -> list[str]:
    found = card.projected
    if found is None:
        return []
    name, total = found.bundle.name, sum(found.replay.values())
    shares = ", ".join(
        f"{count:,} {word.replace('_', ' ')}" for word, count in found.replay.items()
    )
    values = [value for value in found.values if value.cut is None]
    return [
        f"Under {clean(name)} {clean(found.bundle.version)} these {total:,} actions would come to "
        f"({shares}):",
        *(
            f"  {amount(v.value, 'share'):>12}  {FIGURES[v.id].question}"
            for v in values
        ),
    ]  # fmt: skip


def _changed(found: Comparison) -> list[str]:
    told = [c for c in found.changes if c.direction in ("better", "worse", "changed") and c.clear]
    head = f"Against {card_period(found.scope)} ({found.scope['events']:,} events):"
    lines = [
        f"  {c.direction:8} {FIGURES[c.id].question if c.id in FIGURES else clean(c.id)} "
        f"{amount(c.before, c.unit)} -> {amount(c.after, c.unit)}{_why(c.by, c.rate, c.mix)}"
        for c in told[:_CHANGES]
    ]
    more = [f"  and {len(told) - _CHANGES} more"] if len(told) > _CHANGES else []
    return [head, *(lines or ["  nothing changed clearly: intervals overlap"]), *more]


def _why(by: str | None, rate: float | None, mix: float | None) -> str:
    if by is None or rate is None or mix is None:
        return ""
    return f" (rates {rate * 100:+.1f}, mix of {by} {mix * 100:+.1f} points)"


def _unknown(card: Scorecard) -> Iterator[str]:
    gaps = card.unknown
    if not gaps.untold and not gaps.unchecked:
        return
    yield f"{counted(len(gaps.untold), 'figure')} the log cannot tell; what would:"
    for gap in gaps.columns[:_COLUMNS]:
        alone, more = len(gap.alone), len(gap.among)
        parts = [f"answers {alone}"] if alone else []
        parts += [f"helps with {more}"] if more else []
        yield f"  {clean(remedy(gap.column))}: {', '.join(parts)}"
    if card.projected is None and "decisions.decided_share" in gaps.untold:
        yield "what a policy would have decided of these actions: `govlab check LOG`, or --bundle"
    if gaps.unchecked:
        yield f"not checked yet: {', '.join(gaps.unchecked)}"


def _closing(card: Scorecard) -> Iterator[str]:
    targets = card.scope["targets"]
    if targets is None:
        yield "Without --targets nothing passes or fails; `--targets govlab` takes govlab's own."
    else:
        named = "govlab's own" if targets == "govlab" else clean(targets)
        yield f"Targets: {named}; a value is judged by the worse end of its interval."
    yield "Intervals are of the process behind the log, clustered by run, not of a sample."
    yield f"The events behind a figure: `{clean(card.asking.events('ID'))}`."


def _step(card: Scorecard, judged: Judgement) -> Iterator[str]:
    """What blocks, by how much, the first events that speak against it, and what to do."""
    criterion, figure = judged.criterion, FIGURES[judged.criterion.figure]
    short = "" if judged.short is None else f"; {counted(judged.short, 'event')} to fix"
    if judged.short == 0:
        short = "; enough in number, but not surely"
    yield from wrapped(
        f"- {figure.question} {criterion.asks} is asked: {judged.reason}{short}", hang=2
    )
    examples = card.counter_examples(judged)
    if examples:
        ids = ", ".join(clean(event["event_id"]) for event in examples)
        yield f"    e.g. {ids}"
        yield f"    all: {clean(card.asking.events(figure.id, judged.against))}"
    yield f"    next: {judged.next_step} ({criterion.owner})"


def maturity_text(card: Scorecard) -> str:
    """The page that `govlab maturity` prints."""
    found = card.maturity
    lines = [_headline(card), *card_scope_lines(card.scope), ""]
    lines += [f"  {level}  {name}" for name, level in found.capabilities.items()]
    if found.next_steps:
        lines += ["", f"What keeps it from level {found.level + 1}, the least work first:"]
    for judged in found.next_steps[:_STEPS]:
        lines += _step(card, judged)
    hidden = len(found.next_steps) - _STEPS
    lines += [f"  and {hidden} more: --json has them all"] if hidden > 0 else []
    for cut, levels in found.cuts.items():
        if levels:
            named = ", ".join(f"{plain(at)} {level}" for at, level in sorted(levels.items()))
            lines += ["", *wrapped(f"by {cut}: {named}", hang=2)]
    lines += ["", "Thresholds are govlab's own; copy them and change them with --criteria FILE."]
    return "\n".join(lines)
