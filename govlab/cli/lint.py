"""`govlab lint`: everything wrong with a bundle, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from govlab.bundle import Bundle, load_bundle
from govlab.cli.options import as_json, emit
from govlab.errors import BundleError, Diagnostic
from govlab.report.sarif import sarif
from govlab.report.text import clean, counted

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a load came to."""

    summary: str
    diagnostics: tuple[Diagnostic, ...]


def _load(bundle: str) -> _Found:
    try:
        loaded = load_bundle(bundle)
    except BundleError as error:
        count = len(error.diagnostics)
        return _Found(f"{count} error{'s' if count != 1 else ''}", error.diagnostics)
    policies = "1 policy" if len(loaded.policies) == 1 else f"{len(loaded.policies):,} policies"
    rules = sum(len(policy.rules) for policy in loaded.policies)
    return _Found(
        f"{loaded.name} {loaded.version}: {policies}, {counted(rules, 'rule')}, "
        f"digest {loaded.digest[:12]}, no errors{_shipped(loaded, bundle)}",
        (),
    )


def _shipped(loaded: Bundle, named: str) -> str:
    """Where the files of a starter are."""
    if Path(named).exists():
        return ""
    return f"\nits files: {clean(loaded.path)}; copy the folder to change them"


def _finding(diagnostic: Diagnostic) -> dict[str, Any]:
    place = diagnostic.place
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }


def _text(found: _Found) -> None:
    for diagnostic in found.diagnostics:
        click.echo(str(diagnostic))
    click.echo(found.summary)


def _json(found: _Found) -> None:
    emit({"findings": [_finding(d) for d in found.diagnostics]})


def _github(found: _Found) -> None:
    for d in found.diagnostics:
        message = _escaped("; ".join(part for part in (d.message, d.hint) if part))
        click.echo(
            f"::{d.severity} file={_escaped(d.place.file)},line={d.place.line},"
            f"col={d.place.column},title={d.code}::{message}"
        )


def _escaped(text: str) -> str:
    """Text in a workflow command: GitHub reads `%`, line breaks and separators specially."""
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(char, code)
    return text


def _sarif(found: _Found) -> None:
    emit(sarif(found.diagnostics))


_FORMATS: dict[str, Callable[[_Found], None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}


@click.command(epilog="Example: govlab lint policies/prod-safety")
@click.argument("bundle")
@click.option(
    "--format",
    "shape",
    type=click.Choice(list(_FORMATS)),
    default="text",
    help="text for people, json, sarif or github for machines.",
)
@as_json
def command(bundle: str, shape: str, as_json: bool) -> int:
    """Everything wrong with BUNDLE, each with file, line, column, cause and cure.

    Exits with 2 where the bundle does not load.
    """
    found = _load(bundle)
    _FORMATS["json" if as_json else shape](found)
    return 2 if _errors(found.diagnostics) else 0


def _errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in diagnostics)
