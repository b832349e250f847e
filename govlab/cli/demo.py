"""`govlab demo`: the whole pipeline on the bundled dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import polars as pl

from govlab.bundle import find_bundle, load_bundle
from govlab.bundled import shipped
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit
from govlab.cli.replay import write_decisions
from govlab.errors import GovlabError
from govlab.explanation import Explanation, explain
from govlab.log import scan_log
from govlab.replays import Replay, replay
from govlab.replays.rows import events, unknown_columns
from govlab.report.explanation import explanation_text
from govlab.report.replay import replay_text

__all__ = ["command"]

_LOG, _BUNDLE = "acme-ops", "prod-safety"


@click.command(epilog="Example: govlab demo --out govlab-demo")
@click.option(
    "--out",
    default="govlab-demo",
    type=click.Path(path_type=Path),
    help="Where the files go (default govlab-demo).",
)
@as_json
def command(out: Path, as_json: bool) -> None:
    """Replay six invented weeks of agents at work under a starter bundle."""
    log = shipped("datasets") / _LOG
    bundle = load_bundle(_BUNDLE)
    result = replay(scan_log(log), bundle, by=["workflow"])
    files = {
        "log": log,
        "bundle": find_bundle(_BUNDLE),
        "decisions": out / "decisions.parquet",
        "summary": out / "summary.json",
        "page": out / "replay.txt",
        "explanation": out / "explained.txt",
    }
    write_decisions(result, files["decisions"])
    write_text(files["summary"], json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
    write_text(files["page"], replay_text(result, show=None))
    explained = _explained(result, log)
    write_text(files["explanation"], explanation_text(explained))
    if as_json:
        emit({**result.to_dict(), "files": {name: str(path) for name, path in files.items()}})
    else:
        click.echo("\n".join(_page(result, explained, files)))


def _page(result: Replay, explained: Explanation, files: Mapping[str, Path]) -> Iterator[str]:
    yield "Six weeks of an invented organisation's agents, every action decided again under the"
    yield f"starter bundle {_BUNDLE}. Nothing is executed; the log is read, the rules are applied."
    yield ""
    yield replay_text(result, show=5)
    yield ""
    yield "one event explained (the whole trace is in explained.txt):"
    yield from (f"  {line}" for line in explanation_text(explained, outline=True).splitlines())
    yield ""
    yield "files:"
    yield from (f"  {name:12} {path}" for name, path in files.items())
    yield ""
    yield "next: govlab check YOUR_LOG, or open the notebooks: jupyter lab notebooks/"


def _explained(result: Replay, log: Path) -> Explanation:
    """Why the first remediated event, or the first held one, was decided as it was."""
    for decision in ("REMEDIATE", "REQUIRE_APPROVAL", "DENY"):
        found: pl.DataFrame = result.events(decision, origin="rule")
        if not found.is_empty():
            rows = scan_log(log).filter(pl.col("event_id") == found.item(0, "event_id")).collect()
            lacks = unknown_columns(rows, result.plan.reads())[0]
            return explain(result.bundle, events(rows)[0], unknown=lacks)
    raise GovlabError("the bundled dataset has no event that a rule stops, holds or changes")
