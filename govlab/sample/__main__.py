"""`python -m govlab.sample`: makes the bundled dataset anew, byte for byte."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.sample.recipe import SEED
from govlab.sample.write import write_sample


@click.command()
@click.option("--out", default="datasets/acme-ops", type=click.Path(path_type=Path))
@click.option("--seed", default=SEED, help=f"Another sample of the same kind (default {SEED}).")
def main(out: Path, seed: int) -> None:
    """Write six invented weeks of agents at work to OUT, replacing the log that is there."""
    sample = write_sample(out, seed=seed)
    click.echo(f"{out}: {len(sample.events)} events in {len(sample.runs)} runs")


if __name__ == "__main__":
    main()
