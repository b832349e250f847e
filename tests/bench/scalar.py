"""Single decisions: `python -m tests.bench.scalar`.

Evaluations a second of one condition, as generated Python and by the reference walker, and the
time of one decision of each starter. One process, one core.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from govlab.backends.reference import decide, evaluate
from govlab.backends.scalar import compile_condition, compile_engine
from govlab.bundle import load_bundle, starters
from govlab.lang.checker import Scope, check
from govlab.lang.parser import parse
from govlab.plan import compile_plan
from tests.bench.conditions import CONDITIONS, TYPES

__all__ = ["main"]

_STATES = [
    {"env": "production", "cost": 80.0, "risk_tags": ("pii", "billing")},
    {"env": "production", "cost": 3.0, "risk_tags": ("pii",)},
    {"env": "staging", "cost": 80.0, "risk_tags": ()},
    {"env": "production", "cost": 61.5, "risk_tags": ("public", "secret", "pii")},
]
_EVENT = {
    "event_id": "1", "ts": "2026-02-03T10:00:00Z", "tool": "terraform", "env": "production",
    "action": "infrastructure:mutation", "actor": "a", "principal": "p", "cost": 4.5,
}  # fmt: skip


def _rate(run: Callable[[Any], object], inputs: Sequence[Any], rounds: int) -> float:
    """Calls a second, the best of five."""
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(rounds):
            for one in inputs:
                run(one)
        best = max(best, rounds * len(inputs) / (time.perf_counter() - start))
    return best


def _latency(run: Callable[[], object], times: int = 4000) -> tuple[float, float]:
    """p50 and p99 in microseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter_ns()
        run()
        taken.append((time.perf_counter_ns() - start) / 1000)
    cuts = statistics.quantiles(taken, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    """Measure and print."""
    node = check(parse(CONDITIONS[0].cel), Scope({**TYPES})).node
    generated = _rate(compile_condition(node), _STATES, 50_000)
    walked = _rate(lambda states: evaluate(node, states), _STATES, 2_000)
    print(f"`{CONDITIONS[0].cel}`")  # noqa: T201
    print(f"  generated {generated / 1e6:.2f} M/s, walker {walked / 1e6:.3f} M/s, "  # noqa: T201
          f"ratio {generated / walked:.0f}")  # fmt: skip
    for name in starters():
        plan = compile_plan(load_bundle(name))
        engine = compile_engine(plan)
        fast = _latency(lambda: engine.decide(_EVENT))  # noqa: B023  # called at once
        slow = _latency(lambda: decide(plan, _EVENT), 400)  # noqa: B023
        print(f"  {name}: one decision p50 {fast[0]:.1f} us, p99 {fast[1]:.1f} us; "  # noqa: T201
              f"reference p50 {slow[0]:.0f} us")  # fmt: skip


if __name__ == "__main__":
    main()
