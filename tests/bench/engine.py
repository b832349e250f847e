"""Single decisions by the exported engine and by its peers: `python -m tests.bench.engine [RULES]`.

One process, one core, the neutral workload; each engine in its fastest form for one request, after
its answers were compared. Turns alternate, so that a busy machine slows all alike. The last column
is the mean of CPU time. Agent OS decides targets alone, as its rules have one condition.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govlab.bundle import load_bundle
from govlab.exporting import engine_source, open_engine
from tests.bench import workload
from tests.bench.peers import PEERS
from tests.bench.peers.neutral import Answer, Combine, answers, present, rows, targets

__all__ = ["Contender", "contenders", "measure"]

_ROWS, _ROUNDS = 2_000, 5
_PEERS = ("Cedar", "cel-cpp", "Agent OS")


@dataclass(slots=True)
class Contender:
    """An engine, its inputs, one call of it, and the nanoseconds that calls took."""

    name: str
    inputs: Sequence[Any]
    call: Callable[[Any], Any]
    equal: int
    wall: list[int] = field(default_factory=list)
    cpu: float = 0.0

    def turn(self) -> None:
        """Each input once."""
        call, clock = self.call, time.perf_counter_ns
        start = time.process_time()
        for one in self.inputs:
            before = clock()
            call(one)
            self.wall.append(clock() - before)
        self.cpu += time.process_time() - start

    def quantiles(self) -> tuple[float, float, float]:
        """p50 and p99 of wall time and the mean of CPU time, in microseconds."""
        cuts = statistics.quantiles(self.wall, n=100)
        return cuts[49] / 1000, cuts[98] / 1000, self.cpu * 1e6 / len(self.wall)


def contenders(count: int, folder: Path) -> list[Contender]:
    """The exported engine, and each peer that is installed, with how many answers were as ours."""
    given = workload.rules(count)
    frame = present(workload.rows(_ROWS))
    wanted = answers(frame, given, folder / "bundle")
    engine = open_engine(engine_source(load_bundle(folder / "bundle")))
    decided = [engine.decide(row) for row in rows(frame, given)]
    own = sum((d.decision, d.rule) == want for d, want in zip(decided, wanted, strict=True))
    found = [Contender("govlab, exported", rows(frame, given), engine.decide, own)]
    for peer in PEERS:
        if peer.name in _PEERS and peer.version() is not None:
            asked = targets(given) if peer.targets_only else given
            module, combine = peer.open(), Combine(asked)
            inputs, decide = module.inputs(rows(frame, asked)), module.load(asked)
            said: list[Answer] = [combine(first) for first in decide(inputs)]
            known = answers(frame, asked, folder / peer.module) if peer.targets_only else wanted
            equal = sum(a == b for a, b in zip(said, known, strict=True))
            found.append(Contender(peer.name, inputs, _one(decide), equal))
    return found


def _one(decide: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    return lambda one: decide([one])


def measure(count: int) -> list[Contender]:
    """All of them, measured in turns."""
    with tempfile.TemporaryDirectory() as folder:
        found = contenders(count, Path(folder))
    for _ in range(_ROUNDS):
        for contender in found:
            contender.turn()
    return found


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    found = measure(count)
    ours = found[0].quantiles()
    print(f"{count} rules, {len(found[0].inputs):,} requests, {_ROUNDS} rounds")  # noqa: T201
    print("| engine | equal | p50 us | p99 us | CPU us | times ours (CPU) |")  # noqa: T201
    print("|---|---|---|---|---|---|")  # noqa: T201
    for contender in found:
        half, most, mean = contender.quantiles()
        share = f"{contender.equal / len(contender.inputs):.1%}"
        print(f"| {contender.name} | {share} | {half:.1f} | {most:.1f} | {mean:.1f} "  # noqa: T201
              f"| {mean / ours[2]:.1f} |")  # fmt: skip


if __name__ == "__main__":
    main()
