"""Rows decided once a class: the same as every row by itself, with remedies, steps and lookups."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.backends.columnar import Engine, decide_frame, rounds, variants
from govlab.backends.columnar.answers import Answers
from govlab.backends.columnar.batch import Batch
from govlab.backends.columnar.classes import row_classes
from govlab.backends.columnar.distinct import Groups
from govlab.backends.columnar.machine import Machine
from govlab.backends.columnar.reach import alike
from tests.backends.differential import differences, plan_of, random_case

Events = list[dict[str, Any]]


def repeated(events: Events, rng: random.Random, times: int) -> Events:
    """Every event several times over, now and then with a cell of another one."""
    found = []
    for at, event in enumerate(events * times):
        other, changed = rng.choice(events), {**event, "event_id": f"e{at}"}
        name = rng.choice(sorted(other))
        if rng.random() < 0.3 and name != "event_id":
            changed[name] = other[name]
        found.append(changed)
    rng.shuffle(found)
    return found


@pytest.fixture(params=[True, False], ids=["early", "late"])
def classified(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often classes were found, and rows left out of the second round.

    Classes are found before a plan's steps, or after them alone.
    """
    seen: Counter[str] = Counter()
    early: bool = request.param

    def classes(*args: Any, before_steps: bool = False) -> Groups | None:
        if before_steps and not early:
            return None
        found = row_classes(*args, before_steps=before_steps)
        seen["classes"] += found is not None
        return found

    def alike_rows(*args: Any) -> Groups:
        found = alike(*args)
        seen["second round"] += len(found) < len(found.ids)
        return found

    def slowly(engine: Engine, batch: Batch, _: object) -> Answers:
        return engine._slowly(batch)

    monkeypatch.setattr(Engine, "_settled", slowly)  # rounds alone, without a machine
    monkeypatch.setattr(rounds, "row_classes", classes)
    monkeypatch.setattr(variants, "alike", alike_rows)
    return seen


@pytest.mark.parametrize("group", range(2))
def test_rows_that_repeat_are_decided_as_the_reference_does(
    group: int, tmp_path: Path, classified: Counter[str]
) -> None:
    for at in range(4):
        name = f"repeat-{group}-{at}"
        plan, events, lacking = random_case(name, tmp_path / str(at), 25)
        rows = repeated(events, random.Random(name), 14)
        assert differences(plan, rows, lacking) == [], name
    assert classified["classes"] > 0
    assert classified["second round"] > 0


@pytest.mark.parametrize("group", range(2))
def test_rows_that_repeat_have_the_same_words(
    group: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine as it is: errors and unknowns are gone over again, remedies are of many rows."""
    seen: Counter[str] = Counter()
    exact = Machine._exact

    def counted(self: Machine, *args: Any) -> Any:
        found = exact(self, *args)
        seen["odd"] += len(found[0])
        return found

    monkeypatch.setattr(Machine, "_exact", counted)
    for at in range(4):
        name = f"words-{group}-{at}"
        plan, events, lacking = random_case(name, tmp_path / str(at), 25)
        rows = repeated(events, random.Random(name), 14)
        assert differences(plan, rows, lacking) == [], name
    assert seen["odd"] > 0


def test_a_remedy_can_make_one_class_differ(tmp_path: Path) -> None:
    """Setting `tool` brings in what is compared with it, which the first round never looked at."""
    rules = [
        {"condition": "tool == 'a'", "decision": "REMEDIATE",
         "remediation": {"set": {"tool": "'b'"}, "suggestion": "use b"}, "reason": "swap"},
    ]  # fmt: skip
    second = [
        {"condition": "has(event.tool) && tool == 'b' && resource == tool", "decision": "DENY",
         "reason": "same"},
        {"condition": "has(event.tool)", "decision": "ALLOW"},
    ]  # fmt: skip
    tree = {
        "name": "p",
        "policies": [{"name": "one", "rules": rules}, {"name": "two", "rules": second}],
    }
    plan = plan_of(tree, tmp_path)
    events = [{"event_id": str(at), "tool": "a", "resource": "bc"[at % 2]} for at in range(600)]
    frame = pl.DataFrame(events)
    decided = decide_frame(plan, frame)["decision"].to_list()
    assert decided[:2] == ["DENY", "REMEDIATE"]
    assert decided == decided[:2] * 300
    assert differences(plan, events, frame=frame) == []
