"""Conditions on columns against hand-written polars: `python -m tests.bench.conditions [ROWS]`.

Twelve conditions as policies have them, each as CEL through the columnar compiler (native forms,
no tables) and as a person would write it in polars. Prints a row each and the geometric mean of
the ratios. Hand-written polars answers another question where values are missing or overflow: it
is a floor, not an equal.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from govlab.backends.columnar.compile import evaluate_nodes
from govlab.lang.checker import Scope, check
from govlab.lang.parser import parse
from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type, list_of

__all__ = ["CONDITIONS", "Condition", "measure", "rows"]

c = pl.col


@dataclass(frozen=True, slots=True)
class Condition:
    """CEL, and the same by hand."""

    cel: str
    hand: pl.Expr


_WORDS = ["rm -rf", "mkfs", "dd if="]
CONDITIONS = (
    Condition(
        "env == 'production' && cost > 50.0 && 'pii' in risk_tags",
        (c("env") == "production") & (c("cost") > 50.0) & c("risk_tags").list.contains("pii"),
    ),
    Condition(
        "tool in ['shell', 'sql', 'http'] && !approved",
        c("tool").is_in(["shell", "sql", "http"]) & ~c("approved"),
    ),
    Condition(
        "tool.startsWith('db.') || path.contains('/etc/')",
        c("tool").str.starts_with("db.") | c("path").str.contains("/etc/", literal=True),
    ),
    Condition(
        "path.matches('^/(etc|root|home/[a-z]+/\\\\.ssh)/')",
        c("path").str.contains(r"^/(etc|root|home/[a-z]+/\.ssh)/"),
    ),
    Condition("tokens_in + tokens_out > 100000", c("tokens_in") + c("tokens_out") > 100000),
    Condition(
        "has(event.ticket) ? ticket.startsWith('CHG-') : false",
        pl.when(c("ticket").is_not_null())
        .then(c("ticket").str.starts_with("CHG-"))
        .otherwise(False),
    ),
    Condition(
        "risk_tags.exists(t, t.startsWith('pii:') || t == 'secret')",
        c("risk_tags").list.agg(
            (pl.element().str.starts_with("pii:") | (pl.element() == "secret")).any()
        ),
    ),
    Condition(
        "ts.getHours('America/New_York') < 8 || ts.getDayOfWeek('America/New_York') in [0, 6]",
        (c("ts").dt.convert_time_zone("America/New_York").dt.hour() < 8)
        | c("ts").dt.convert_time_zone("America/New_York").dt.weekday().is_in([6, 7]),
    ),
    Condition(
        "size(path) > 200 || tokens_out / tokens_in > 20",
        (c("path").str.len_chars() > 200) | (c("tokens_out") // c("tokens_in") > 20),
    ),
    Condition(
        "['rm -rf', 'mkfs', 'dd if='].exists(p, command.contains(p))",
        pl.any_horizontal(c("command").str.contains(w, literal=True) for w in _WORDS),
    ),
    Condition(
        "retries > 0 && cost / double(retries) > 10.0",
        (c("retries") > 0) & (c("cost") / c("retries") > 10.0),
    ),
    Condition(
        "risk_tags.all(t, t in allowed_tags)",
        c("risk_tags").list.set_difference(c("allowed_tags")).list.len() == 0,
    ),
)

TYPES: dict[str, Type] = {
    "env": STRING, "tool": STRING, "path": STRING, "command": STRING, "ticket": STRING,
    "cost": DOUBLE, "approved": BOOL, "tokens_in": INT, "tokens_out": INT, "retries": INT,
    "ts": TIMESTAMP, "risk_tags": list_of(STRING), "allowed_tags": list_of(STRING),
}  # fmt: skip


def rows(count: int, seed: int = 7) -> pl.DataFrame:
    """Rows of every column; tickets missing in most of them, a few zeros to divide by."""
    rng = random.Random(seed)
    pool = 20_000
    tags = ["pii", "pii:email", "secret", "public", "billing", "internal"]

    def text(prefix: str, kinds: int) -> list[str]:
        return [f"{prefix}{rng.randrange(kinds)}" for _ in range(pool)]

    base = pl.DataFrame({
        "env": rng.choices(["production", "staging", "dev"], k=pool),
        "tool": rng.choices(["shell", "sql", "http", "db.read", "db.write", "mail"], k=pool),
        "path": [rng.choice(["/etc/", "/srv/app/", "/home/ann/.ssh/", "/var/"]) + t
                 for t in text("file", 5000)],
        "command": [rng.choice(["ls ", "rm -rf ", "cat ", "git push "]) + t
                    for t in text("x", 9000)],
        "ticket": [f"CHG-{i}" if rng.random() < 0.2 else None for i in range(pool)],
        "cost": [rng.lognormvariate(1.5, 1.6) for _ in range(pool)],
        "approved": [rng.random() < 0.5 for _ in range(pool)],
        "tokens_in": [rng.randrange(0, 90_000) if rng.random() > 2e-4 else 0 for _ in range(pool)],
        "tokens_out": [rng.randrange(0, 60_000) for _ in range(pool)],
        "retries": [rng.choice([0, 0, 0, 1, 2, 5]) for _ in range(pool)],
        "ts": [rng.randrange(1_700_000_000_000_000, 1_760_000_000_000_000) for _ in range(pool)],
        "risk_tags": [rng.sample(tags, rng.randrange(0, 4)) for _ in range(pool)],
        "allowed_tags": [rng.sample(tags, rng.randrange(2, 6)) for _ in range(pool)],
    })  # fmt: skip
    places = pl.int_range(count, eager=True).shuffle(seed) % pool
    return base[places].with_row_index("#row")


def _time(run: Callable[[], object], times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measure(frame: pl.DataFrame, times: int = 3) -> list[tuple[str, float, float]]:
    """Each condition with its seconds through the compiler and by hand, best of `times`."""
    scope = Scope({**TYPES}, frozenset())
    zoned = frame.with_columns(c("ts").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    found = []
    for condition in CONDITIONS:
        checked = check(parse(condition.cel), scope)
        assert not checked.problems, checked.problems
        cel = _time(lambda: evaluate_nodes([checked.node], frame), times)  # noqa: B023  # called at once
        hand = _time(lambda: zoned.select(condition.hand), times)  # noqa: B023
        found.append((condition.cel, cel, hand))
    return found


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    measured = measure(rows(count))
    print(f"{count:,} rows, polars {pl.__version__}, {pl.thread_pool_size()} threads")  # noqa: T201
    print("| condition | CEL ms | hand ms | ratio |\n|---|---|---|---|")  # noqa: T201
    for cel, ours, hand in measured:
        print(f"| `{cel}` | {ours * 1e3:.0f} | {hand * 1e3:.0f} | {ours / hand:.2f} |")  # noqa: T201
    mean = math.exp(statistics.fmean(math.log(ours / hand) for _, ours, hand in measured))
    print(f"geometric mean of the ratios: {mean:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
