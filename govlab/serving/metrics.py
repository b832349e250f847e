"""What a server counts, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Metrics", "exposed"]

_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0)


@dataclass(slots=True)
class Metrics:
    """Counts since the start: decisions, requests by route and status, seconds, reloads."""

    decisions: Counter[tuple[str, bool]] = field(default_factory=Counter)
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    reports: Counter[str] = field(default_factory=Counter)
    reloads: Counter[str] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    seconds: float = 0.0

    def answered(self, route: str, status: int, seconds: float) -> None:
        """One request of `route` was answered."""
        self.requests[route, status] += 1
        self.seconds += seconds
        place = next((i for i, most in enumerate(_BUCKETS) if seconds <= most), len(_BUCKETS))
        self.buckets[place] += 1


def exposed(metrics: Metrics, engine: Mapping[str, str], gauges: Mapping[str, float]) -> str:
    """`metrics` as text; `engine` labels what decides, `gauges` are the state at this moment.

    >>> print(exposed(Metrics(), {"digest": "ab"}, {"ready": 1}).splitlines()[1])
    govlab_engine_info{digest="ab"} 1
    """
    lines = [*_family("engine_info", "gauge", [(engine, 1)])]
    for name, value in gauges.items():
        lines += _family(name, "gauge", [({}, value)])
    told = [({"decision": d, "answer": str(a).lower()}, n)
            for (d, a), n in sorted(metrics.decisions.items())]  # fmt: skip
    lines += _family("decisions_total", "counter", told)
    asked = [({"route": r, "status": str(s)}, n) for (r, s), n in sorted(metrics.requests.items())]
    lines += _family("requests_total", "counter", asked)
    for name, counted, label in (
        ("reports_total", metrics.reports, "type"),
        ("reloads_total", metrics.reloads, "result"),
    ):
        told = [({label: one}, n) for one, n in sorted(counted.items())]
        lines += _family(name, "counter", told)
    return "\n".join([*lines, *_histogram(metrics)]) + "\n"


def _family(
    name: str, kind: str, samples: Sequence[tuple[Mapping[str, str], float]]
) -> Iterator[str]:
    yield f"# TYPE govlab_{name} {kind}"
    for labels, value in samples:
        yield f"govlab_{name}{_labels(labels)} {value:g}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _histogram(metrics: Metrics) -> Iterator[str]:
    name, total = "govlab_request_seconds", 0
    yield f"# TYPE {name} histogram"
    for most, count in zip((*map(str, _BUCKETS), "+Inf"), metrics.buckets, strict=True):
        total += count
        yield f'{name}_bucket{{le="{most}"}} {total}'
    yield f"{name}_sum {metrics.seconds:.6f}"
    yield f"{name}_count {total}"
