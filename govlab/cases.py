"""A bundle's own decision cases: input -> the decision its authors expect (S1).

`cases/*.yaml` hold lists of `{title, event, unknown, history | events, state, held, want}`; keys
left out of `want` are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govlab.backends.reference import decide
from govlab.bundle import Bundle, tree
from govlab.bundle.cases import CaseDocument
from govlab.bundle.documents import validate
from govlab.bundle.suggest import did_you_mean, quoted
from govlab.bundle.yamltext import decode, read
from govlab.errors import BundleError, Diagnostic, Place
from govlab.history import decide_all
from govlab.plan import Decision, Plan, compile_plan

__all__ = ["Case", "Result", "read_cases", "run_cases"]


@dataclass(frozen=True, slots=True)
class Case:
    """A case and the place where it is written."""

    document: CaseDocument
    place: Place

    @property
    def name(self) -> str:
        """Its title, or its place where it has none."""
        return self.document.title or str(self.place)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case: the fields that differ, as wanted and as got; none: it passed."""

    case: Case
    decision: Decision
    differences: tuple[tuple[str, Any, Any], ...]

    @property
    def passed(self) -> bool:
        """Whether every wanted field is as wanted."""
        return not self.differences


def read_cases(bundle: Bundle) -> tuple[Case, ...]:
    """The cases of `bundle`; raises BundleError with every mistake in them."""
    problems: list[Diagnostic] = []
    cases: list[Case] = []
    features = frozenset(feature.name for feature in bundle.features())
    folder = (bundle.path if bundle.path.is_dir() else bundle.path.parent) / "cases"
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        cases += _file(file, features, problems)
    if problems:
        raise BundleError(tuple(problems))
    return tuple(cases)


def _file(file: Path, features: frozenset[str], problems: list[Diagnostic]) -> list[Case]:
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        problems.append(Diagnostic("GL030", message, Place(str(file), 1, 1)))
        return []
    text, wrong = decode(content, str(file))
    documents, found = ((), wrong) if wrong else read(text, str(file))
    problems.extend(found)
    cases = []
    for document in documents:
        items = document.items if isinstance(document, tree.Sequence) else (document,)
        for item in items:
            case, mistakes = validate(item, CaseDocument)
            problems.extend(mistakes)
            if case is not None:
                problems.extend(_history(case, item, features))
                cases.append(Case(case, item.place))
    return cases


def _history(case: CaseDocument, item: tree.Tree, features: frozenset[str]) -> Iterator[Diagnostic]:
    """GL044 where the features given are not those the bundle has."""
    at = tree.key_at(item, ("history",))
    for name in sorted(case.history.keys() - features):
        node, hint = tree.key_at(item, ("history", name)), did_you_mean(name, features)
        yield tree.problem(node, "GL044", f"no such feature: {quoted(name)}", hint)
    lacking = ", ".join(f"`{name}`" for name in sorted(features - case.history.keys()))
    if case.history and lacking:
        hint = "give every feature, or instead what happened before under `events`"
        yield tree.problem(at, "GL044", f"`history` lacks {lacking}", hint)
    if case.history and case.events:
        hint = "features follow from `events`"
        yield tree.problem(at, "GL044", "`history` and `events` do not stand together", hint)


def run_cases(bundle: Bundle, cases: Sequence[Case]) -> tuple[Result, ...]:
    """Each case decided by the reference engine and compared with what it wants."""
    plan = compile_plan(bundle)
    return tuple(_run(plan, case) for case in cases)


def _values(plan: Plan, history: Mapping[str, Any]) -> dict[str, Any]:
    """The features given, those in USD as doubles: `12` is `12.0` there."""
    money = {f.name for scope in plan.scopes for f in scope.history if f.sum == "cost"}
    return {
        name: float(value) if name in money and isinstance(value, int) else value
        for name, value in history.items()
    }


def _run(plan: Plan, case: Case) -> Result:
    document = case.document
    lacks = frozenset(document.unknown)
    if document.events or (plan.has_history() and not document.history):
        events = [*document.events, document.event]
        unknown = [frozenset[str]()] * len(document.events) + [lacks]
        decision = decide_all(
            plan, events, state=document.state, held=document.held, unknown=unknown
        )[-1]
    else:
        history = _values(plan, document.history)
        decision = decide(plan, document.event, unknown=lacks, history=history)
    got, want = decision.to_dict(), document.want
    return Result(
        case,
        decision,
        tuple(
            (name, getattr(want, name), got[name])
            for name in sorted(want.model_fields_set)
            if got[name] != getattr(want, name)
        ),
    )
