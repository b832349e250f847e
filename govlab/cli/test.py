"""`govlab test`: a bundle's own decision cases."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.bundle import load_bundle
from govlab.cases import Result, read_cases, run_cases
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit
from govlab.report.junit import junit
from govlab.report.text import clean

__all__ = ["command"]


@click.command(epilog="Example: govlab test policies/prod-safety --junit results.xml")
@click.argument("bundle")
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(path_type=Path),
    help="Also write the results as JUnit XML.",
)
@as_json
def command(bundle: str, junit_file: Path | None, as_json: bool) -> int:
    """Run the decision cases of BUNDLE; exits with 1 where one fails."""
    loaded = load_bundle(bundle)
    results = run_cases(loaded, read_cases(loaded))
    failed = [r for r in results if not r.passed]
    if junit_file is not None:
        write_text(junit_file, junit(loaded.name, results))
    if as_json:
        emit(
            {
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "cases": [_case(r) for r in results],
            }
        )
    else:
        _text(loaded.name, failed, len(results))
    return 1 if failed else 0


def _case(result: Result) -> dict[str, object]:
    return {
        "title": result.case.name,
        "file": result.case.place.file,
        "line": result.case.place.line,
        "passed": result.passed,
        "differences": [{"field": k, "want": w, "got": g} for k, w, g in result.differences],
    }


def _text(name: str, failed: list[Result], count: int) -> None:
    for result in failed:
        click.echo(f"{result.case.place}: {clean(result.case.name)}")
        for key, want, got in result.differences:
            click.echo(f"  {key}: wanted {want!r}, got {clean(repr(got))}")
    if not count:
        click.echo(f"{name}: no cases; write some under cases/*.yaml")
        return
    click.echo(f"{name}: {count - len(failed)} of {count} cases pass")
