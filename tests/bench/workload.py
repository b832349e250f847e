"""The neutral workload: rules and rows from a seed, for this engine and for its peers.

A rule is plain data: globs of its target and one to three conditions, all of which must hold, as a
small tree that any rule language can say. 30 % of the rules have a list macro, a regular
expression, arithmetic or an argument; 2 % of the cells are absent or malformed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from govlab.log.store import FORMAT_VERSION, MANIFEST, with_list_texts

__all__ = [
    "BROAD",
    "COLUMNS",
    "SEED",
    "TAGS",
    "Condition",
    "Rule",
    "bundle",
    "cel",
    "rows",
    "rules",
    "write_log",
]

Kind = Literal[
    "eq", "in", "over", "under", "is", "tag", "any_prefix", "all_in", "matches", "sum_over", "arg",
    "arg_over",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of `attribute`; `value` is a text, number, bool, or a list of texts.

    `eq in over under is` compare; `tag` is membership in a list column, `any_prefix` and `all_in`
    its macros; `matches` an anchored regular expression; `sum_over` adds `attribute` and `other`;
    `arg` and `arg_over` read a key of the JSON object in `args`.
    """

    kind: Kind
    attribute: str
    value: Any
    other: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """First match within its policy; where a cell is absent or malformed a `guarded` rule is
    passed over, another one cannot be evaluated (and so denies)."""

    policy: int
    id: str
    on: Literal["action", "tool"]
    globs: tuple[str, ...]
    conditions: tuple[Condition, ...]
    guarded: bool
    decision: str
    max_cost: float | None = None


_AREAS = ("db", "fs", "net", "pay", "mail", "code", "infra", "data", "hr", "crm", "ops", "ml")
_VERBS = ("read", "write", "delete", "list", "create", "export", "send", "deploy", "merge", "grant")
_ACTIONS = [f"{a}:{v}" for a in _AREAS for v in _VERBS]
_TOOLS = [f"tool-{n}" for n in range(40)]
_ENVS = ["production", "staging", "dev", "test"]
_ROLES = [f"role-{n}" for n in range(12)]
_TENANTS = [f"tenant-{n}" for n in range(20)]
_WORKFLOWS = [f"flow-{n}" for n in range(30)]
_REGIONS = [f"region-{n}" for n in range(8)]
_CLASSES = ["public", "internal", "confidential", "restricted", "personal"]
TAGS = ["pii", "pii:email", "pii:name", "secret", "billing", "untested", "external", "bulk"]
_FOLDERS = ["/etc/", "/srv/app/", "/home/ann/", "/var/log/", "/opt/x/", "/data/eu/"]
_TEXTS = {"env": _ENVS, "agent_role": _ROLES, "tenant": _TENANTS, "workflow": _WORKFLOWS,
          "region": _REGIONS, "data_class": _CLASSES}  # fmt: skip
_NUMBERS = {"cost": (0.5, 400.0), "tokens_in": (500, 60_000), "records_affected": (1, 20_000)}
_LISTS = ("risk_tags", "capabilities")
COLUMNS = (
    "event_id", "ts", "tenant", "workflow", "agent_role", "capabilities", "tool", "action",
    "resource", "env", "region", "data_class", "risk_tags", "args", "destructive",
    "cost_micro_usd", "tokens_in", "tokens_out", "records_affected", "unknown_columns",
    "malformed_columns",
)  # fmt: skip
"""The columns of the rows, named and typed as the action log's."""

_DECISIONS = ["ALLOW", "ALLOW_WITH_CONSTRAINTS", "REQUIRE_APPROVAL", "DENY"]


SEED, BROAD = 7, 845
"""Of the rules; and of ten that read every column that a thousand do, the first from there on."""


def rules(count: int, seed: int = SEED, *, policies: int = 3) -> list[Rule]:
    """`count` rules dealt to `policies` policies, in order."""
    rng = random.Random(seed)
    return [
        _rule(rng, at * policies // count, f"r{at}", hard=at % 10 in _HARD) for at in range(count)
    ]


_HARD = (2, 5, 8)  # of each ten rules: 30 %, however few rules there are


def _rule(rng: random.Random, policy: int, name: str, *, hard: bool) -> Rule:
    on: Literal["action", "tool"] = "action" if rng.random() < 0.8 else "tool"
    pool = _ACTIONS if on == "action" else _TOOLS
    globs = tuple(rng.sample(pool, rng.choice([1, 1, 2, 3])))
    if on == "action" and rng.random() < 0.1:
        globs = (rng.choice(_AREAS) + ":*",)
    count = rng.choice([1, 2, 2, 3])
    parts = [_plain(rng) for _ in range(count)]
    if hard:
        parts[-1] = _hard(rng)
    decision = rng.choice(_DECISIONS)
    limit = round(rng.uniform(1, 500), 2) if decision == "ALLOW_WITH_CONSTRAINTS" else None
    return Rule(policy, name, on, globs, tuple(parts), rng.random() < 0.8, decision, limit)


def _plain(rng: random.Random) -> Condition:
    match rng.randrange(6):
        case 0 | 1:
            name = rng.choice(list(_TEXTS))
            return Condition("eq", name, rng.choice(_TEXTS[name]))
        case 2:
            name = rng.choice(list(_TEXTS))
            return Condition("in", name, tuple(rng.sample(_TEXTS[name], 3)))
        case 3:
            name = rng.choice(list(_NUMBERS))
            low, high = _NUMBERS[name]
            value: float = rng.uniform(low, high) if name == "cost" else rng.randint(*_whole(name))
            return Condition(rng.choice(["over", "under"]), name, round(value, 2))
        case 4:
            return Condition("is", "destructive", rng.random() < 0.5)
        case _:
            return Condition("tag", "risk_tags", rng.choice(TAGS))


def _whole(name: str) -> tuple[int, int]:
    low, high = _NUMBERS[name]
    return int(low), int(high)


def _hard(rng: random.Random) -> Condition:
    match rng.randrange(5):
        case 0:
            return Condition("any_prefix", "risk_tags", rng.choice(["pii", "se", "ex", "b"]))
        case 1:
            kept = rng.sample(TAGS, 5)
            return Condition("all_in", "risk_tags", tuple(kept))
        case 2:
            pattern = rng.choice(_FOLDERS) + rng.choice(["[a-m]", ".*7$", "x[0-9]+"])
            return Condition("matches", "resource", f"^{pattern}")
        case 3:
            return Condition("sum_over", "tokens_in", rng.randint(5_000, 60_000), "tokens_out")
        case _ if rng.random() < 0.5:
            return Condition("arg", "path", rng.choice(_FOLDERS) + f"f{rng.randrange(400)}")
        case _:
            return Condition("arg_over", "n", rng.randint(1, 900))


def cel(rule: Rule) -> str:
    """The rule's target and conditions as CEL."""
    target = " || ".join(_glob(rule.on, glob) for glob in rule.globs)
    guard = f"has(event.{rule.on}) && ({target})"
    return " && ".join((guard, *(_cel(c, rule.guarded) for c in rule.conditions)))


def _glob(name: str, glob: str) -> str:
    stem = glob.removesuffix("*")
    return f"{name} == '{glob}'" if stem == glob else f"{name}.startsWith('{stem}')"


def _cel(c: Condition, guarded: bool) -> str:
    name = f"args.{c.attribute}" if c.kind.startswith("arg") else c.attribute
    names = [name, c.other] if c.other else [name]
    guards = "".join(f"has(event.{n}) && " for n in names) if guarded else ""
    match c.kind:
        case "eq" | "arg":
            test = f"{name} == '{c.value}'"
        case "in":
            test = f"{name} in {list(c.value)}"
        case "over" | "arg_over":
            test = f"{name} > {c.value}"
        case "under":
            test = f"{name} < {c.value}"
        case "is":
            test = name if c.value else f"!{name}"
        case "tag":
            test = f"'{c.value}' in {name}"
        case "any_prefix":
            test = f"{name}.exists(t, t.startsWith('{c.value}'))"
        case "all_in":
            test = f"{name}.all(t, t in {list(c.value)})"
        case "matches":
            test = f"{name}.matches('{c.value}')"
        case "sum_over":
            test = f"{name} + {c.other} > {c.value}"
    return f"({guards}{test})"


def bundle(given: Sequence[Rule], folder: Path) -> Path:
    """The rules as a bundle below `folder`; its path."""
    made: list[dict[str, Any]] = []
    for number in range(given[-1].policy + 1):
        own = [_tree(rule) for rule in given if rule.policy == number]
        made.append({"name": f"policy-{number}", "rules": own})
    tree = {
        "name": "workload", "version": "1.0.0", "default": "ALLOW", "policies": made,
        "attributes": {"args.path": "string", "args.n": "int"},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bundle.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder


def _tree(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": rule.id, "condition": cel(rule), "decision": rule.decision, "reason": "because",
    }  # fmt: skip
    if rule.decision == "REQUIRE_APPROVAL":
        found |= {"approvers": ["ann"], "expires_after": "1h"}
    if rule.max_cost is not None:
        found |= {"constraints": {"max_cost": rule.max_cost}}
    return found


_POOL = 65_536
_ODD = 0.02  # the share of cells that are absent or malformed


@dataclass(frozen=True, slots=True)
class _Pools:
    """For each column the values that rows draw from, as often as they are likely."""

    texts: dict[str, pl.Series]
    numbers: dict[str, pl.Series]
    lists: dict[str, pl.Series]


def _pools(rng: random.Random) -> _Pools:
    def drawn(values: Sequence[Any]) -> list[Any]:
        weights = [1 / (1 + place) ** 0.7 for place in range(len(values))]
        return rng.choices(values, weights, k=_POOL)

    def many(number: Callable[[], int]) -> pl.Series:
        return pl.Series([number() for _ in range(_POOL)])

    resources = [rng.choice(_FOLDERS) + rng.choice("abmnx") + str(n) for n in range(5000)]
    args = [
        json.dumps({"path": rng.choice(_FOLDERS) + f"f{n % 400}", "n": rng.randrange(1000)})
        for n in range(20_000)
    ]
    choices = {**_TEXTS, "tool": _TOOLS, "action": _ACTIONS, "resource": resources, "args": args}
    kinds = [rng.sample(TAGS, rng.choice([0, 0, 1, 1, 2, 3])) for _ in range(200)]
    held = [rng.sample(_VERBS, rng.choice([2, 4, 6])) for _ in range(60)]
    return _Pools(
        {name: pl.Series(drawn(values)).cast(pl.Categorical) for name, values in choices.items()},
        {
            "cost_micro_usd": pl.Series(
                [int(rng.lognormvariate(2, 2) * 1e6) for _ in range(_POOL)]
            ),
            "tokens_in": pl.Series([rng.randrange(80_000) for _ in range(_POOL)]),
            "tokens_out": pl.Series([rng.randrange(20_000) for _ in range(_POOL)]),
            "records_affected": pl.Series([int(rng.lognormvariate(5, 2)) for _ in range(_POOL)]),
        },
        {"risk_tags": pl.Series(drawn(kinds)), "capabilities": pl.Series(drawn(held))},
    )


_MALFORMED = ("cost,cost_micro_usd", "env", "tokens_in", "args")


def rows(count: int, seed: int = 7, *, first: int = 0) -> pl.DataFrame:
    """Rows number `first` to `first + count` of the log of `seed`, typed as the action log is."""
    pools = _pools(random.Random(seed))
    frame = pl.select(pl.int_range(first, first + count, dtype=pl.UInt64).alias("row"))
    drawn: dict[str, pl.Series] = {}
    for number, (name, pool) in enumerate(
        {**pools.texts, **pools.numbers, **pools.lists}.items(), start=1
    ):
        place = frame["row"].hash(seed * 1000 + number)
        cells = pool.gather(place % _POOL)
        odd = name != "action" and not name.startswith("risk")
        drawn[name] = cells.set(place // 2**48 < _ODD * 2**16, None) if odd else cells
        if odd and isinstance(pool.dtype, pl.List):
            drawn[name] = cells
    started = 1_767_225_600_000_000
    frame = frame.with_columns(
        event_id=pl.lit("e") + pl.col("row").cast(pl.String),
        ts=(started + pl.col("row") * 997_331).cast(pl.Int64).cast(pl.Datetime("us", "UTC")),
        destructive=pl.col("row").hash(seed) % 5 == 0,
        unknown_columns=pl.lit(None, pl.String).cast(pl.Categorical),
        **drawn,
    )
    return _malformed(frame, seed).select(COLUMNS)


def _malformed(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A fifth of the empty cells of some columns are malformed rather than absent."""
    word = pl.lit(None, pl.String)
    for mark in _MALFORMED:
        empty = pl.col(mark.rpartition(",")[2]).is_null() & (
            pl.col("row").hash(seed + len(mark)) % 5 == 0
        )
        word = pl.when(empty).then(pl.lit(mark)).otherwise(word)
    return frame.with_columns(malformed_columns=word.cast(pl.Categorical))


def write_log(
    folder: Path, count: int, seed: int = 7, *, first: int = 0, part: int = 1_000_000
) -> Iterator[Path]:
    """Writes `count` rows from number `first` on as a log on disk, in parts of at most `part` rows;
    gives the path of each."""
    into = folder / "actions" / "date=2026-01-01"
    into.mkdir(parents=True, exist_ok=True)
    manifest = {"log": FORMAT_VERSION, "sources": [], "by_format": {}}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    for number, done in enumerate(range(0, count, part)):
        path = into / f"part-{number:05d}.parquet"
        frame = rows(min(part, count - done), seed, first=first + done)
        with_list_texts(frame, frame.columns).write_parquet(path, compression="zstd")
        yield path
