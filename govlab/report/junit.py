"""Case results as JUnit XML, as CI systems read it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from govlab.cases import Result
from govlab.report.text import clean

__all__ = ["junit"]


def junit(bundle: str, results: Sequence[Result]) -> str:
    """One test suite with one test case a decision case."""
    failed = [r for r in results if not r.passed]
    suite = ElementTree.Element(
        "testsuite",
        name=clean(bundle),
        tests=str(len(results)),
        failures=str(len(failed)),
        errors="0",
        skipped="0",
    )
    for result in results:
        place = result.case.place
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=clean(bundle),
            file=clean(place.file),
            name=clean(result.case.name),
            line=str(place.line),
        )
        if not result.passed:
            lines = [
                clean(f"{key}: wanted {want!r}, got {got!r}")
                for key, want, got in result.differences
            ]
            failure = ElementTree.SubElement(
                case, "failure", message="; ".join(lines), type="decision"
            )
            failure.text = "\n".join(lines)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
