"""`govlab sweep`: every value of a bundle's params on one log."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.bundle import load_bundle
from govlab.cli.options import as_json, emit
from govlab.cli.replay import read_log
from govlab.cli.selecting import listed, parse_show, selecting, show_option
from govlab.errors import UsageError
from govlab.report.sweep import sweep_chart, sweep_text
from govlab.selection import Selection
from govlab.sweeps import Sweep, sweep_selection
from govlab.sweeps.points import values_of

__all__ = ["command"]

_CHARTS = (".svg", ".png", ".json")


@click.command(
    epilog="Example: govlab sweep log prod-safety --param max_unattended_cost=5:100:20 "
    "--objective harmful_stopped --objective held_per_day"
)
@click.argument("log")
@click.argument("bundle")
@click.option(
    "--param",
    "params",
    multiple=True,
    required=True,
    metavar="NAME=a,b,c|lo:hi:n",
    help="A param and its values, or n numbers from lo to hi; repeat it for a grid.",
)
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="FIGURE[:min|max]",
    help="A figure to aim at; repeat it, or commas.",
)
@click.option(
    "--chart",
    type=click.Path(path_type=Path),
    help="Draw the trade-off of the first two objectives: .svg, .png or .json (Vega-Lite).",
)
@selecting
@show_option
@as_json
def command(
    log: str,
    bundle: str,
    params: tuple[str, ...],
    objectives: tuple[str, ...],
    chart: Path | None,
    selection: Selection,
    show: str,
    as_json: bool,
) -> None:
    """Decide LOG under BUNDLE with every combination of values of its params.

    LOG may be a cube. Printed are the points that no other beats in all objectives; --json has
    every point, with the digest of the bundle that has its values.
    """
    most = parse_show(show)
    if chart is not None and chart.suffix not in _CHARTS:
        raise UsageError(f"`{chart}` is no chart; end its name in {' or '.join(_CHARTS)}")
    opened = read_log(log, cubes=True)
    result = sweep_selection(
        opened.log, bundle, _asked(bundle, params), selection, objectives=listed(objectives)
    )
    if chart is not None:
        _draw(result, chart)
    if as_json:
        emit(result.to_dict())
    else:
        click.echo(sweep_text(result, show=most))


def _asked(bundle: str, params: tuple[str, ...]) -> dict[str, list[object]]:
    known = load_bundle(bundle).params
    found: dict[str, list[object]] = {}
    for written in params:
        name, equals, values = written.partition("=")
        if not equals or not values.strip():
            raise UsageError(f"`--param {written}` has no values; write `--param {name}=1,2,3`")
        kind = str(known[name].type) if name in known else "string"
        found.setdefault(name, []).extend(values_of(values, kind))
    return found


def _draw(result: Sweep, out: Path) -> None:
    try:
        sweep_chart(result).save(out)
    except OSError as error:
        raise UsageError(f"`{out}` cannot be written: {error.strerror}") from None
