"""What an engine makes of the vectors: passed, wrong, or refused for a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from govlab.lang.checker import Checked, Scope, check
from govlab.lang.parser import SyntaxProblem, parse
from govlab.runtime.states import Mark
from govlab.runtime.values import kind
from tests.conformance.cel.engines import Engine
from tests.conformance.cel.vectors import File, Vector, identical

__all__ = ["Case", "judge", "report"]

Result = Literal["passed", "wrong", "refused"]
RESULTS: tuple[Result, ...] = ("passed", "wrong", "refused")


@dataclass(frozen=True, slots=True)
class Case:
    """The verdict on one vector; `detail` is the reason, empty where it passed by its value."""

    id: str
    result: Result
    detail: str = ""


def judge(vectors: Sequence[Vector], engine: Engine) -> list[Case]:
    """The verdict on each of `vectors`; equal conditions over equal types run as one frame."""
    ordered = sorted(vectors, key=_condition)
    cases = {c.id: c for _, group in groupby(ordered, _condition)
             for c in _judge_frame(list(group), engine)}  # fmt: skip
    return [cases[v.id] for v in vectors]


def _condition(vector: Vector) -> tuple[str, str]:
    return vector.expr, repr(sorted((name, str(kind)) for name, kind in vector.types.items()))


def _judge_frame(vectors: list[Vector], engine: Engine) -> Iterable[Case]:
    first = vectors[0]
    try:
        checked = check(parse(first.expr), Scope(first.types), want=None)
    except SyntaxProblem as problem:
        return [_refused(v, str(problem)) for v in vectors]
    if checked.problems:
        reasons = "; ".join(f"{p.code} {p.message}" for p in checked.problems)
        return [_refused(v, reasons) for v in vectors]
    results = engine(checked.node, first.types, [v.bindings for v in vectors])
    return [_compare(v, checked, r) for v, r in zip(vectors, results, strict=True)]


def _refused(vector: Vector, reason: str) -> Case:
    """A refusal at compile is as good as the error that is due."""
    return Case(vector.id, "passed" if vector.expected.error else "refused", reason)


def _compare(vector: Vector, checked: Checked, result: Any) -> Case:
    expected = vector.expected
    deduced = str(checked.node.type).replace("null", "null_type")
    if expected.type not in (None, deduced):
        return Case(vector.id, "wrong", f"deduced {deduced}, not {expected.type}")
    if expected.error:
        return Case(vector.id, "passed" if result is Mark.ERROR else "wrong", _shown(result))
    if isinstance(result, Mark) or not identical(result, expected.value):
        return Case(vector.id, "wrong", f"{_shown(result)}, not {_shown(expected.value)}")
    return Case(vector.id, "passed")


def _shown(result: Any) -> str:
    return result.value if isinstance(result, Mark) else f"{kind(result)} {result!r}"


def report(cases: Sequence[Case], file: File) -> dict[str, Any]:
    """The counts and the cases as plain JSON values."""
    libraries: dict[str, list[Case]] = {}
    for vector, case in zip(file.vectors, cases, strict=True):
        libraries.setdefault(vector.family, []).append(case)
    reason = "no lifted form, or an extension library that conditions do not have"
    return {
        **_counts(cases),
        "libraries": {name: _counts(some) for name, some in sorted(libraries.items())},
        "not_counted": {"count": file.not_counted, "reason": reason},
        "cases": [asdict(c) for c in cases],
    }


def _counts(cases: Sequence[Case]) -> dict[str, int]:
    return {r: sum(c.result == r for c in cases) for r in RESULTS}
