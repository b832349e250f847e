"""`govlab scorecard`: the figures of a log, judged where there are targets."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from govlab.assess import Asked, Price, Scorecard, compared, made, read_card, targets_named
from govlab.assess.asking import BY
from govlab.assess.daily import series_of
from govlab.assess.maturity import load_criteria
from govlab.bundle import Bundle, load_bundle
from govlab.cli.enrichment_options import org_option, registry_option
from govlab.cli.nightly import Gate, gating
from govlab.cli.options import as_json, emit, say, show_people
from govlab.cli.selecting import by_option, listed, selecting
from govlab.cli.sheets import filing, write_sheet
from govlab.errors import UsageError
from govlab.registry import Registry
from govlab.report.disclosure import Disclosure
from govlab.report.figures import scorecard_text
from govlab.report.scorecard import Sheet, difference_text
from govlab.scheduled import open_history
from govlab.selection import Selection

__all__ = ["command"]


@click.command(
    epilog="Example: govlab scorecard log --last 30d --compare-to previous --targets govlab"
)
@click.argument("log")
@click.argument("files", nargs=-1, metavar="")
@click.option(
    "--bundle",
    metavar="BUNDLE",
    help="A candidate: what it would have decided, apart from the rest.",
)
@click.option("--targets", metavar="FILE", help="Targets in YAML; `govlab` for those shipped.")
@click.option("--criteria", metavar="FILE", help="Maturity criteria in YAML, for govlab's own.")
@click.option("--compare-to", metavar="previous|A..B|FILE", help="Another period, or a scorecard.")
@registry_option
@org_option
@by_option
@click.option("--review-minutes", type=int, default=5, help="Minutes an approval takes (5).")
@click.option("--hourly-rate", metavar="USD", help="What an hour of an approver costs.")
@gating
@filing
@show_people
@selecting
@as_json
def command(
    log: str,
    files: tuple[str, ...],
    bundle: str | None,
    targets: str | None,
    criteria: str | None,
    compare_to: str | None,
    registry: Registry | None,
    org: Bundle | None,
    by: tuple[str, ...],
    review_minutes: int,
    hourly_rate: str | None,
    history: str | None,
    due: str | None,
    fail_on: tuple[str, ...],
    outputs: dict[str, Path | None],
    people: bool,
    selection: Selection,
    as_json: bool,
) -> int:
    """The figures of LOG: decisions, approvals, limits, audit, operations, and its maturity.

    `govlab scorecard diff A.json B.json` says what changed between two that --json wrote. Without
    --targets nothing passes or fails; what the log cannot tell is unknown, and never good.
    """
    if log == "diff" and files:
        return _diff(files, Disclosure(people), as_json)
    if files:
        raise UsageError(f"one log at a time: `{files[0]}` is too many")
    asked = Asked(
        selection=selection,
        bundle=load_bundle(bundle) if bundle else None,
        targets=targets_named(targets) if targets else None,
        targets_from=targets,
        cuts=tuple(listed(by)) or BY,
        compare_to=compare_to,
        criteria=load_criteria(Path(criteria)) if criteria else None,
        price=_price(review_minutes, hourly_rate),
        org=org,
        registry=registry,
    )
    gate = Gate.of(fail_on, due, history, targets=bool(asked.targets))
    if history is None:
        return int(gate.fails(_shown(made(log, asked), Disclosure(people), outputs, as_json)))
    with open_history(history, series_of(log, asked, history)) as kept:
        card = made(log, replace(asked, history=kept))
        return int(gate.finish(kept, _shown(card, Disclosure(people), outputs, as_json)))


def _shown(
    card: Scorecard, disclosure: Disclosure, outputs: dict[str, Path | None], as_json: bool
) -> Scorecard:
    """The scorecard, once it is in every file that was asked for and on the page."""
    sheet = Sheet.of(card.to_dict(), disclosure)
    for form, path in write_sheet(sheet, outputs).items():
        say(f"{form}: {path}")
    if as_json:
        emit(sheet.document)
    else:
        click.echo(scorecard_text(card, disclosure))
    return card


def _price(minutes: int, rate: str | None) -> Price | None:
    """Money is whole micro-USD; raises UsageError where the rate is no amount of it."""
    if rate is None:
        return None
    try:
        micro = Decimal(rate) * 1_000_000
    except InvalidOperation:
        raise UsageError(f"`--hourly-rate {rate}` is no amount; write e.g. `80.50`") from None
    if not micro.is_finite() or micro < 0 or micro != micro.to_integral_value() or minutes < 0:
        raise UsageError(f"`--hourly-rate {rate}` is no amount; write e.g. `80.50`")
    return Price(minutes, int(micro))


def _diff(files: tuple[str, ...], disclosure: Disclosure, as_json: bool) -> int:
    if len(files) != 2:
        raise UsageError("`scorecard diff` takes two files; write `scorecard diff A.json B.json`")
    before, after = (read_card(Path(name)) for name in files)
    found = compared(before, after)
    if as_json:
        emit(found.to_dict())
    else:
        click.echo(difference_text(before, after, found.to_dict(), disclosure=disclosure))
    return 0
