"""Diagnostics as SARIF 2.1.0, as code scanning reads it (OASIS, sarif-v2.1.0)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from govlab.errors import Diagnostic

__all__ = ["sarif"]


def sarif(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """One SARIF log with one run; regions count from 1."""
    found = tuple(diagnostics)
    codes = sorted({d.code for d in found})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "govlab",
                        "version": version("govlab"),
                        "rules": [{"id": code} for code in codes],
                    }
                },
                "results": [_result(d) for d in found],
            }
        ],
    }


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    place = diagnostic.place
    text = "; ".join(part for part in (diagnostic.message, diagnostic.hint) if part)
    region = {"startLine": place.line, "startColumn": place.column}
    return {
        "ruleId": diagnostic.code,
        "level": diagnostic.severity,
        "message": {"text": text},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": place.file}, "region": region}}
        ],
    }
