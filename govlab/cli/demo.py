"""`govlab demo`: the whole pipeline on the bundled dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import polars as pl

from govlab.assess import scorecard
from govlab.bundle import find_bundle, load_bundle
from govlab.bundled import shipped
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit
from govlab.cli.replay import write_decisions
from govlab.errors import GovlabError
from govlab.explanation import Explanation, explain
from govlab.exporting import export_engine
from govlab.log import scan_log
from govlab.replays import Replay, replay
from govlab.replays.rows import events, unknown_columns
from govlab.report.explanation import explanation_text
from govlab.report.replay import replay_text
from govlab.report.scorecard import Sheet, page
from govlab.report.scorecard.first import headline, sentences

__all__ = ["command"]

_LOG, _BUNDLE = "acme-ops", "prod-safety"
_CUTS = ("workflow", "day")
_COMPARED = 2_000  # events that the engine decides too: all of them would double the demo's time


@click.command(epilog="Example: govlab demo --out govlab-demo")
@click.option(
    "--out",
    default="govlab-demo",
    type=click.Path(path_type=Path),
    help="Where the files go (default govlab-demo).",
)
@as_json
def command(out: Path, as_json: bool) -> None:
    """Replay six invented weeks of agents at work under a starter bundle, and score them.

    Writes the decisions, a scorecard as one page for a browser, and the engine of the bundle.
    """
    log = shipped("datasets") / _LOG
    bundle = load_bundle(_BUNDLE)
    result = replay(scan_log(log), bundle, by=["workflow"])
    files = {name: out / file for name, file in _FILES.items()}
    write_decisions(result, files["decisions"])
    write_text(files["summary"], json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
    write_text(files["replay"], replay_text(result, show=None))
    explained = _explained(result, log)
    write_text(files["explanation"], explanation_text(explained))
    sheet = Sheet.of(scorecard(log, targets="govlab", cuts=_CUTS).to_dict())
    write_text(files["scorecard"], page(sheet))
    export_engine(bundle, files["engine"], log=scan_log(log), most=_COMPARED)
    files = {"log": log, "bundle": find_bundle(_BUNDLE), **files}
    if as_json:
        named = {name: str(path) for name, path in files.items()}
        emit({**result.to_dict(), "maturity": sheet.document["maturity"], "files": named})
    else:
        click.echo("\n".join(_page(result, explained, sheet, files)))


_FILES = {
    "decisions": "decisions.parquet",
    "summary": "summary.json",
    "replay": "replay.txt",
    "explanation": "explained.txt",
    "scorecard": "scorecard.html",
    "engine": "engine",
}


def _page(
    result: Replay, explained: Explanation, sheet: Sheet, files: Mapping[str, Path]
) -> Iterator[str]:
    yield "Six weeks of an invented organisation's agents, every action decided again under the"
    yield f"starter bundle {_BUNDLE}. Nothing is executed; the log is read, the rules are applied."
    yield ""
    yield replay_text(result, show=5)
    yield ""
    yield "one event explained (the whole trace is in explained.txt):"
    yield from (f"  {line}" for line in explanation_text(explained, outline=True).splitlines())
    yield ""
    governed, _, standing = sentences(sheet)
    yield "is the control plane doing its job? (all of it is in scorecard.html)"
    yield from (f"  {said}" for said in (headline(sheet.maturity), governed, standing))
    yield ""
    yield "files:"
    yield from (f"  {name:12} {path}" for name, path in files.items())
    yield ""
    yield f"open {files['scorecard']} in a browser; {files['engine']} is what production would run"
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
