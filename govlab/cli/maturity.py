"""`govlab maturity`: the level that the evidence in a log bears out."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.assess import Asked, made
from govlab.assess.maturity import PLACES, load_criteria
from govlab.bundle import Bundle
from govlab.cli.enrichment_options import org_option, registry_option
from govlab.cli.options import as_json, emit
from govlab.cli.selecting import by_option, listed, selecting
from govlab.registry import Registry
from govlab.report.disclosure import CLOSED
from govlab.report.figures import maturity_text
from govlab.report.scorecard import Sheet
from govlab.selection import Selection

__all__ = ["command"]


@click.command(epilog="Example: govlab maturity log --by workflow")
@click.argument("log")
@click.option("--criteria", metavar="FILE", help="Criteria in YAML, for govlab's own.")
@registry_option
@org_option
@by_option
@selecting
@as_json
def command(
    log: str,
    criteria: str | None,
    registry: Registry | None,
    org: Bundle | None,
    by: tuple[str, ...],
    selection: Selection,
    as_json: bool,
) -> None:
    """The level of LOG from 0 to 4, by the worse end of each figure; unknown is never a pass.

    What blocks the next level comes with the events that would have to be otherwise.
    """
    asked = Asked(
        selection=selection,
        cuts=tuple(listed(by)) or PLACES,
        criteria=load_criteria(Path(criteria)) if criteria else None,
        registry=registry,
        org=org,
    )
    card = made(log, asked)
    if as_json:
        document = Sheet.of(card.to_dict(), CLOSED).document
        emit(
            {
                "scope": document["scope"],
                **document["maturity"],
                "counter_examples": {
                    judged.criterion.figure: [
                        str(e["event_id"]) for e in card.counter_examples(judged)
                    ]
                    for judged in card.maturity.blocking
                },
            }
        )
    else:
        click.echo(maturity_text(card))
