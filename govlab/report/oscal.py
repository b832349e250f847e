"""How controls stand as OSCAL assessment results (NIST, model 1.2.1), for the tools of auditors.

Identifiers are made from what is said, so that equal inputs give equal bytes. OSCAL knows
`satisfied` and `not-satisfied` alone: what is unknown is not satisfied, with `other` as its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from govlab.assess.bounds import Bound
from govlab.assess.controls import Evidence, Standing
from govlab.errors import UsageError
from govlab.report.text import clean

__all__ = ["assessment_results"]

_SPACE = UUID("6f1a4a0c-7d1e-5f0e-9c3b-2b7f0c6f5a11")
_OSCAL = "1.2.1"
_NAMES = "https://govlab.invalid/oscal"  # a name only: nothing is there to be fetched
_REMARKS = (
    "Evidence supports a control or shows a gap; it does not prove compliance. The bounds are "
    "those of the catalogue that was used."
)
_REASONS = {"supports": "pass", "gap": "fail", "unknown": "other"}


def assessment_results(
    found: Sequence[Standing], scope: Mapping[str, Any], *, as_of: datetime | None
) -> dict[str, Any]:
    """The document, a result for each framework; `scope` is that of a scorecard.

    Raises UsageError where the log has no time: OSCAL asks when evidence was collected.
    """
    if as_of is None:
        raise UsageError("OSCAL asks for a time, and the log has none: name one with `--until`")
    made = _Made(scope, as_of)
    results = [
        _result(name, list(of), made)
        for name, of in groupby(found, key=lambda one: one.control.framework)
    ]
    return {
        "assessment-results": {
            "uuid": made.uuid("results", [one.to_dict() for one in found]),
            "metadata": {
                "title": "What an action log says of controls",
                "last-modified": made.time,
                "version": version("govlab"),
                "oscal-version": _OSCAL,
            },
            "import-ap": {"href": "#", "remarks": "The catalogue of controls is the plan."},
            "results": results,
        }
    }


class _Made:
    """What all parts share: the log they are of, and the time."""

    __slots__ = ("log", "time")

    def __init__(self, scope: Mapping[str, Any], as_of: datetime) -> None:
        self.log = json.dumps(scope.get("source") or {"events": scope["events"]}, sort_keys=True)
        self.time = as_of.isoformat().replace("+00:00", "Z")

    def uuid(self, kind: str, said: Any) -> str:
        """The same for the same words about the same log."""
        return str(uuid5(_SPACE, json.dumps([kind, self.log, self.time, said], sort_keys=True)))


def _result(framework: str, found: Sequence[Standing], made: _Made) -> dict[str, Any]:
    observed = [(one, _observations(one, made)) for one in found]
    every = [observation for _, several in observed for observation in several]
    return {
        "uuid": made.uuid("result", framework),
        "title": framework,
        "description": f"What the log supports of {framework}",
        "start": made.time,
        "end": made.time,
        "reviewed-controls": {
            "control-selections": [
                {"include-controls": [{"control-id": _token(one.control.id)} for one in found]}
            ]
        },
        **({"observations": every} if every else {}),
        "findings": [_finding(one, several, made) for one, several in observed],
        "remarks": _REMARKS,
    }


def _observations(standing: Standing, made: _Made) -> list[dict[str, Any]]:
    return list(map(_without_nothing, _each(standing, made)))


def _each(standing: Standing, made: _Made) -> Iterator[dict[str, Any]]:
    control = standing.control
    for one in standing.evidence:
        said = [control.framework, control.id, one.to_dict()]
        yield {
            "uuid": made.uuid("observation", said),
            "title": clean(_title(one)),
            "description": clean(f"asked: {one.asked.asks}; found: {one.reason}"),
            "props": [{"name": "status", "value": one.status, "ns": _NAMES}],
            "methods": ["TEST"],
            "relevant-evidence": [{"description": f"what speaks against it: {one.query}"}],
            "collected": made.time,
        }  # fmt: skip


def _title(one: Evidence) -> str:
    return one.asked.figure if isinstance(one.asked, Bound) else "retention"


def _finding(
    standing: Standing, observed: Sequence[Mapping[str, Any]], made: _Made
) -> dict[str, Any]:
    control, status = standing.control, standing.status
    state = "satisfied" if status == "supports" else "not-satisfied"
    why = "; ".join(f"{_title(one)}: {one.reason}" for one in standing.evidence)
    return _without_nothing({
        "uuid": made.uuid("finding", [control.framework, control.id]),
        "title": f"{control.id} {control.title}",
        "description": clean(why or "nothing in an action log speaks to this control"),
        "target": {
            "type": "objective-id",
            "target-id": _token(control.id),
            "status": {"state": state, "reason": _REASONS[status], "remarks": _SAYS[status]},
        },
        "related-observations": [{"observation-uuid": one["uuid"]} for one in observed],
    })  # fmt: skip


_SAYS = {
    "supports": "the log supports the control",
    "gap": "the log shows a gap",
    "unknown": "the log cannot tell",
}


def _without_nothing(document: Mapping[str, Any]) -> dict[str, Any]:
    """Empty lists are left out: the model asks for at least one member."""
    return {key: value for key, value in document.items() if value != []}


def _token(id_: str) -> str:
    """The id as the token that OSCAL asks for.

    >>> _token("Art. 14(4)(b)"), _token("6.1")
    ('art-14-4-b', '_6.1')
    """
    word = re.sub(r"[^\w.]+", "-", id_.lower().replace(". ", "-")).strip("-")
    return word if word[:1].isalpha() else f"_{word}"
