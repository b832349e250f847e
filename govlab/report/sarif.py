"""Diagnostics as SARIF 2.1.0, as code scanning reads it (OASIS, sarif-v2.1.0)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

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
                "columnKind": "unicodeCodePoints",
                "results": [_result(d) for d in found],
            }
        ],
    }


def _uri(file: str) -> str:
    """A relative path as a relative reference, an absolute one as a file URI (RFC 3986)."""
    path = quote(file.replace("\\", "/") if os.name == "nt" else file)
    return f"file://{path}" if path.startswith("/") else path


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    place = diagnostic.place
    text = "; ".join(part for part in (diagnostic.message, diagnostic.hint) if part)
    region = {"startLine": place.line, "startColumn": place.column}
    return {
        "ruleId": diagnostic.code,
        "level": diagnostic.severity,
        "message": {"text": text},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}
        ],
    }
