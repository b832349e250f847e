"""`govlab compliance`: what a log supports of the controls of frameworks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from govlab.assess import Asked, made
from govlab.assess.controls import Control, load_controls, shipped_controls
from govlab.bundle import Bundle
from govlab.cli.enrichment_options import org_option, registry_option
from govlab.cli.failing import fail_on as failing
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit, say
from govlab.cli.selecting import selecting
from govlab.errors import UsageError
from govlab.registry import Registry
from govlab.report.controls import controls_markdown, controls_text
from govlab.report.oscal import assessment_results
from govlab.selection import Selection

__all__ = ["command"]

_PATH = click.Path(path_type=Path)
_FAILS = {"gap": "a control has a gap", "unknown": "of a control the log cannot tell"}


@click.command(epilog="Example: govlab compliance log --framework 'AI Act' --oscal results.json")
@click.argument("log")
@click.option("--framework", metavar="TEXT", help="Only the frameworks whose name has this in it.")
@click.option("--controls", metavar="FILE", type=_PATH, help="Controls in YAML, for govlab's own.")
@registry_option
@org_option
@failing(_FAILS)
@click.option("--oscal", type=_PATH, metavar="FILE", help="OSCAL assessment results as JSON.")
@click.option("--md", type=_PATH, metavar="FILE", help="The page as Markdown.")
@selecting
@as_json
def command(
    log: str,
    framework: str | None,
    controls: Path | None,
    registry: Registry | None,
    org: Bundle | None,
    fail_on: tuple[str, ...],
    oscal: Path | None,
    md: Path | None,
    selection: Selection,
    as_json: bool,
) -> int:
    """What LOG supports of the EU AI Act, NIST, ISO/IEC 42001, SOC 2, OWASP and ATLAS controls.

    Each control names the figures that speak for it, and the command that lists what speaks
    against it. A log supports a control; it never proves one.
    """
    wanted = _wanted(load_controls(controls) if controls else shipped_controls(), framework)
    asked = Asked(selection=selection, cuts=(), org=org, registry=registry)
    card = made(log, asked)
    found = card.controls(wanted)
    if oscal is not None:
        elsewhere = replace(card, asking=card.asking.for_others()).controls(wanted)
        document = assessment_results(elsewhere, card.scope, as_of=card.as_of)
        write_text(oscal, json.dumps(document, indent=2, ensure_ascii=False))
        say(f"oscal: {oscal}")
    if md is not None:
        write_text(md, controls_markdown(found, card.scope))
        say(f"md: {md}")
    if as_json:
        emit({"scope": dict(card.scope), "controls": [one.to_dict() for one in found]})
    else:
        click.echo(controls_text(found, card.scope))
    return int(any(one.status in fail_on for one in found))


def _wanted(controls: tuple[Control, ...], framework: str | None) -> tuple[Control, ...]:
    if framework is None:
        return controls
    chosen = tuple(c for c in controls if framework.lower() in c.framework.lower())
    if not chosen:
        known = ", ".join(dict.fromkeys(c.framework for c in controls))
        raise UsageError(f"`--framework {framework}`: there is none; there are {known}")
    return chosen
