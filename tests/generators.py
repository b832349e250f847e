"""Random bundles and adversarial rows, for tests that compare engines.

A bundle is a tree of the bundle format: written as YAML, loaded and checked as a user's is. A row
is the event as the reference engine takes it; `frame_of` makes the log's columns of many.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["COLUMNS", "bundle", "condition", "frame_of", "rows", "unknown_of", "wide", "write"]

Tree = dict[str, Any]

_STRING, _INT, _DOUBLE, _BOOL = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()
COLUMNS: dict[str, pl.DataType] = {
    "event_id": _STRING, "ts": pl.Datetime("us", "UTC"), "tenant": _STRING, "actor": _STRING,
    "tool": _STRING, "action": _STRING, "env": _STRING, "resource": _STRING, "region": _STRING,
    "workflow": _STRING, "principal": _STRING, "risk_tags": pl.List(_STRING),
    "capabilities": pl.List(_STRING), "args": _STRING, "args_sha256": _STRING,
    "destructive": _BOOL, "read_only": _BOOL, "amount": _DOUBLE, "cost_micro_usd": _INT,
    "tokens_in": _INT, "records_affected": _INT, "delegation_depth": _INT, "team": _STRING,
    "run.system": _STRING, "context.score": _DOUBLE, "context.flag": _BOOL, "context.n": _INT,
    "unknown_columns": _STRING, "malformed_columns": _STRING,
}  # fmt: skip

DECLARED = {"args.path": "string", "args.n": "int", "args.x": "double", "args.force": "bool",
            "args.to": "list(string)", "args.when": "timestamp", "args.deep.k": "string",
            "context.score": "double", "context.flag": "bool", "context.n": "int"}  # fmt: skip
_TEXTS = ["a", "b", "ab", "db:read", "db:delete", "prod", "dev", "", "é", "e\u0301", "a\nb", "*",
          "12", "x/y.z", "🐱"]  # fmt: skip
_GLOBS = ["*", "a*", "?", "db:*", "prod", "*b", "a?", "dev", "*\n*", "x/*", "🐱", "??*"]
_INTS = [0, 1, 2, 3, 5, 100, 10**6, 2**63 - 1, 2**53 + 1]
_DOUBLES = [0.0, -0.0, 0.5, 1.0, 99.5, 1e308, 5e-324]
_ODD_INTS = [-1, -(2**63), -7]
_ODD_DOUBLES = [math.nan, math.inf, -math.inf, -1.5]
_ARGS = ['{"path": "a", "n": 3}', '{"n": 9223372036854775808}', '{"path": "x", "path": "y"}', "[]",
         "", "{", '{"x": 1e400}', '{"x": 3, "n": 3.0}', '{"to": ["a", 1]}', '{"to": "a"}',
         '{"to": [], "deep": {"k": "a"}}', '{"deep": 3, "force": true}', '{"force": null}',
         '{"to": ["a", "b"], "x": -0.0, "when": "2026-01-01T00:00:00Z"}', '{"deep": {"k": "ab"}}',
         '{"when": "2026-01-01T00:00:00"}', '{"path": "db:read", "to": ["prod"], "n": -4}',
         '{"path": "\\ud800"}', '{"n": true}',
         '{"x": 0.5, "when": "1969-12-31T23:59:59.5+01:00"}']  # fmt: skip

_NAMES: dict[str, list[str]] = {
    "string": ["env", "tool", "action", "actor", "tenant", "resource", "region", "principal",
               "args.path", "args.deep.k", "run.system", "team", "args", "workflow"],
    "int": ["tokens_in", "records_affected", "delegation_depth", "args.n", "context.n",
            "cost_micro_usd"],
    "double": ["amount", "cost", "args.x", "context.score"],
    "bool": ["destructive", "read_only", "args.force", "context.flag"],
    "list(string)": ["risk_tags", "capabilities", "args.to"],
    "timestamp": ["ts", "args.when"],
}  # fmt: skip
_LOOKUP = {"string": ["info.owner", "team_of.lead"], "int": ["info.level"],
           "double": ["info.rate"], "bool": ["info.ok"], "list(string)": ["info.tags"]}  # fmt: skip
_LITERALS: dict[str, list[str]] = {
    "string": [json.dumps(t, ensure_ascii=False) for t in _TEXTS],
    "int": ["0", "1", "3", "-1", "100", "9223372036854775807"],
    "double": ["0.0", "0.5", "1.0", "-1.5", "1e308"],
    "bool": ["true", "false"],
    "list(string)": ["['a', 'b']", "['prod']", "['a', 'ab', 'db:read', 'é']"],
    "timestamp": ["timestamp('2026-01-01T00:00:00Z')", "timestamp('1970-01-01T00:00:00.5Z')"],
    "duration": ["duration('1h')", "duration('-1.5s')", "duration('0s')"],
}
_ORDER = ("==", "!=", "<", "<=", ">", ">=")
_SHAPES: dict[str, list[str]] = {
    "bool": [
        *8 * ["{bool} && {bool}", "{bool} || {bool}"], *3 * ["!({bool})"],
        *2 * ["{bool} ? {bool} : {bool}"],
        *(f"{{string}} {op} {{string}}" for op in ("==", "==", "==", "!=", "<", ">=")),
        *(f"{{{k}}} {op} {{{k}}}" for op in _ORDER
          for k in ("int", "double", "timestamp", "duration")),
        *4 * ["{string} in {list(string)}"], "{string}.startsWith({string})",
        "{string}.endsWith({string})", "{string}.contains({string})",
        "{string}.matches('^[a-d]+[:.]?')", r"{string}.matches(r'\bprod$|\d')",
        "{list(string)}.exists(v, v == {string})",
        "{list(string)}.all(v, v in {list(string)})",
        "{list(string)}.all(v, v != {string} || {bool})",
        "{list(string)}.exists_one(v, v.startsWith({string}))",
        "['a', 'db:', 'é'].exists(v, {string}.contains(v))",
        "['a', {string}].all(v, v != {string})", "{int} in [{int}, 1]",
        "{list(string)} == {list(string)}", "{double} in [0.5, 1.0, {double}]",
        "dyn({int}) == {double}", "type({string}) == string", "bool({string})",
        "shell({string}).parsed", "shell({string}).programs.exists(v, v == {string})",
        "{'k': {int}}['k'] > {int}", "timestamp({string} + '') < {timestamp}", "has(event.{has})",
    ],
    "int": [*(f"{{int}} {op} {{int}}" for op in "+-*/%"), "-({int})", "size({string})",
            "size({list(string)})", "int({double})", "int({string})", "{bool} ? {int} : {int}",
            "{timestamp}.getHours()", "{timestamp}.getDayOfWeek('Europe/Berlin')",
            "{timestamp}.getHours('America/New_York')", "{timestamp}.getFullYear('+05:30')",
            "{duration}.getSeconds()", "{'a': {int}, 'b': 2}[{string}]", "int({timestamp})"],
    "double": [*(f"{{double}} {op} {{double}}" for op in "+-*/"), "double({int})", "-({double})",
               "double({string})", "{bool} ? {double} : {double}"],
    "string": ["{string} + {string}", "string({int})", "string({bool})", "{list(string)}[{int}]",
               "{bool} ? {string} : {string}", "string({timestamp})"],
    "list(string)": ["{list(string)}.filter(v, v != {string})",
                     "{list(string)}.map(v, v + {string})",
                     "{list(string)}.map(v, v > {string}, v + 'b')",
                     "{list(string)} + {list(string)}",
                     "[{string}, {string}]", "{bool} ? {list(string)} : {list(string)}"],
    "timestamp": ["{timestamp} + {duration}", "timestamp(0 + {int})", "{timestamp} - {duration}"],
    "duration": ["{timestamp} - {timestamp}", "duration({string} + '')", "{duration} + {duration}"],
}  # fmt: skip
_HOLE = re.compile(r"\{(bool|int|double|string|list\(string\)|timestamp|duration|has)\}")


class Words:
    """What the conditions of one bundle may name."""

    def __init__(self, rng: random.Random, declared: Mapping[str, str], *, lookups: bool,
                 risk: bool = False) -> None:  # fmt: skip
        self.rng, self.risk, self.declared = rng, risk, declared
        extra = _LOOKUP if lookups else {}
        self.names = {k: [*filter(self.may_name, n), *extra.get(k, [])] for k, n in _NAMES.items()}
        self.rows = ["info"] if lookups else []

    def may_name(self, name: str) -> bool:
        """Whether the bundle may read the attribute."""
        return name in self.declared or not name.startswith(("args.", "context."))

    def expression(self, kind: str, depth: int, *, guarded: bool = True) -> str:
        """A condition of type `kind`, with at most `depth` nested shapes."""
        if depth <= 0 or self.rng.random() < 0.1:
            return self.leaf(kind, guarded)
        shape = self.rng.choice(_SHAPES[kind])
        return f"({_HOLE.sub(lambda hole: self._hole(hole[1], depth, guarded), shape)})"

    def _hole(self, kind: str, depth: int, guarded: bool) -> str:
        if kind == "has":
            return self.rng.choice([*self.rng.choice([*self.names.values()]), *self.rows])
        return self.expression(kind, depth - 1, guarded=guarded)

    def leaf(self, kind: str, guarded: bool) -> str:
        """A literal, or an attribute, now and then with a value for where it is absent."""
        if kind == "string" and self.risk and self.rng.random() < 0.08:
            return "risk"
        if kind == "duration" or self.rng.random() < 0.35:
            return self.rng.choice(_LITERALS[kind])
        name = self.rng.choice(self.names[kind])
        if guarded and self.rng.random() < 0.8:
            return f"(has(event.{name}) ? {name} : {self.rng.choice(_LITERALS[kind])})"
        return name


def condition(rng: random.Random, words: Words) -> str:
    """A rule's condition: often one comparison with an attribute, sometimes anything."""
    if rng.random() < 0.6:
        kind = rng.choice(["string", "int", "double", "bool"])
        name = rng.choice(words.names[kind])
        value = rng.choice(_LITERALS["string"])
        tests = {"string": [f"{name} == {value}", f"{name} in ['a', 'prod', 'é']"],
                 "int": [f"{name} > 2"], "double": [f"{name} <= 1.0"], "bool": [name]}  # fmt: skip
        guard = f"has(event.{name}) && " if rng.random() < 0.85 else ""
        return guard + rng.choice(tests[kind])
    return words.expression("bool", rng.choice([1, 2, 3]))


def _matcher(rng: random.Random) -> Tree:
    pool = (
        ["tool", "action"]
        if rng.random() < 0.7
        else ["actor", "env", "risk_tags", "tenant", "workflow"]
    )
    keys = rng.sample(pool, rng.choice([1, 1, 2]))
    return {key: rng.sample(_GLOBS, rng.choice([1, 2, 3])) for key in keys}


_SETS = {"env": "string", "tool": "string", "resource": "string", "region": "string",
         "args.path": "string", "args.n": "int", "args.to": "list(string)", "amount": "double",
         "records_affected": "int",
         "cost": "double", "destructive": "bool", "args.deep.k": "string", "context.n": "int",
         "args.when": "timestamp",
         "risk_tags": "list(string)"}  # fmt: skip


def _remediation(rng: random.Random, words: Words) -> Tree:
    names = rng.sample(sorted(filter(words.may_name, _SETS)), rng.choice([1, 1, 2]))
    values = {n: words.expression(_SETS[n], rng.choice([0, 0, 1])) for n in names}
    return {"set": values, "apply": rng.choice(["suggest", "automatic"]),
            "suggestion": rng.choice(["", "safer", "other"])}  # fmt: skip


def _cured(rng: random.Random, words: Words) -> Tree:
    """A condition and the value that makes it false: a variant that can stand."""
    scalar = [n for n in _SETS if words.may_name(n) and _SETS[n] in ("string", "int", "double")]
    # often one of few, so that remedies meet and contradict each other
    name = rng.choice(["env", "region"] if rng.random() < 0.6 else scalar)
    value = rng.choice([v for v in _LITERALS[_SETS[name]] if not v.startswith("-")])
    return {"condition": f"!has(event.{name}) || {name} != {value}",
            "remediation": {"set": {name: value},
                            "apply": rng.choice(["suggest", "automatic"])}}  # fmt: skip


_CONSTRAINTS: list[Tree] = [{"max_cost": 5.0}, {"timeout": "5m", "allow_envs": ["dev", "prod"]},
                            {"allow_envs": ["prod"], "max_files": 3},
                            {"redact": ["args.path"]}]  # fmt: skip


def _rule(rng: random.Random, words: Words) -> Tree:
    decision = rng.choice(["ALLOW", "ALLOW", "DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS",
                           "REMEDIATE", "REMEDIATE"])  # fmt: skip
    rule: Tree = {"condition": condition(rng, words), "decision": decision}
    rule |= (
        {"reason": rng.choice(["because", "so"])}
        if decision == "DENY" or rng.random() < 0.5
        else {}
    )
    rule |= {"gate": rng.choice(["privilege", "environment"])} if rng.random() < 0.2 else {}
    match decision:
        case "REQUIRE_APPROVAL":
            rule |= {"approvers": rng.sample(["ann", "bob"], rng.choice([1, 2])), "quorum": 1,
                     "expires_after": rng.choice(["1h", "30m"])}  # fmt: skip
            rule |= {"evidence_required": True} if rng.random() < 0.3 else {}
        case "ALLOW_WITH_CONSTRAINTS":
            rule["constraints"] = rng.choice(_CONSTRAINTS)
        case "REMEDIATE" if rng.random() < 0.5:
            rule |= _cured(rng, words)
        case "REMEDIATE":
            rule["remediation"] = _remediation(rng, words)
        case _:
            pass
    return rule


def _policies(rng: random.Random, words: Words, prefix: str) -> list[Tree]:
    found = []
    for at in range(rng.choice([1, 2, 3])):
        rules = [_rule(rng, words) for _ in range(rng.choice([1, 2, 4]))]
        policy: Tree = {"name": f"{prefix}{at}", "rules": rules}
        if rng.random() < 0.5:
            policy["rules"].append({"decision": "ALLOW"})
        if rng.random() < 0.6:
            policy["on"] = [_matcher(rng) for _ in range(rng.choice([1, 2]))]
        found.append(policy)
    return found


_TABLES = {
    "data/t.csv": "tool,from,to,ok,level,rate,owner,tags\n"
    "a,,2026-01-01T00:00:00Z,true,3,0.5,ann,a;b\na,2026-01-01T00:00:00Z,,false,1,,bob,\n"
    "db:read,,,,9223372036854775807,1e308,a,prod\nprod,,,true,,0.0,,a\n",
    "data/o.csv": "owner,lead\na*,prod\n*,b\n",
}
_LOOKUPS: Tree = {
    "info": {"table": "data/t.csv", "key": "tool", "valid": ["from", "to"], "columns": {
        "ok": "bool", "level": "int", "rate": "double", "owner": "string", "tags": "list(string)"}},
    "team_of": {"table": "data/o.csv", "key": "owner", "on": "info.owner", "match": "glob",
                "columns": {"lead": "string"}},
}  # fmt: skip


def _derive(rng: random.Random, words: Words) -> Tree:
    """Derived attributes; what they read must not be derived from them."""
    kinds = {"env": "string", "team": "string", "records_affected": "int", "amount": "double",
             "context.flag": "bool", "workflow": "string"}  # fmt: skip
    chosen = rng.sample(sorted(filter(words.may_name, kinds)), rng.choice([1, 2]))
    early = Words(rng, words.declared, lookups=bool(words.rows))
    early.names = {k: [n for n in names if n not in kinds] for k, names in early.names.items()}
    return {name: [{"when": condition(rng, early), "value": early.expression(kinds[name], 1)}
                   for _ in range(rng.choice([1, 2]))] for name in chosen}  # fmt: skip


def bundle(rng: random.Random, *, levels: int | None = None, prefix: str = "p",
           declared: Mapping[str, str] = DECLARED) -> Tree:  # fmt: skip
    """A bundle: keys of the bundle format, `data` for its tables, `parent` for what it extends.

    A chain has `levels` bundles, each with a share of the attributes `declared`.
    """
    levels = rng.choice([1, 1, 1, 2, 3]) if levels is None else levels
    own = {n: t for n, t in declared.items() if levels == 1 or rng.random() < 0.6}
    tree = _bundle(rng, own, declared, prefix)
    if levels == 1:
        return tree | {"default": _default(rng)}
    rest = {n: t for n, t in declared.items() if n not in own}
    above = bundle(rng, levels=levels - 1, prefix=f"{prefix}q", declared=rest)
    if "lookups" in tree and _has_lookups(above):
        return bundle(rng, levels=1, prefix=prefix, declared=declared)
    return tree | {"parent": above}


def wide(rng: random.Random, rules: int = 20) -> Tree:
    """A bundle of policies of `rules` rules each, so that rows have more guards than one word."""
    words = Words(rng, DECLARED, lookups=False)
    few = _policies(rng, words, "w") + _policies(rng, words, "v")
    many = [p | {"rules": [_rule(rng, words) for _ in range(rules)]} for p in few]
    return {"name": "wide", "version": "1.0.0", "attributes": dict(DECLARED), "policies": many,
            "default": _default(rng)}  # fmt: skip


def _has_lookups(tree: Tree) -> bool:
    return "lookups" in tree or ("parent" in tree and _has_lookups(tree["parent"]))


def _bundle(
    rng: random.Random, own: Mapping[str, str], declared: Mapping[str, str], prefix: str
) -> Tree:
    """One level: it declares `own`, and may read what it and its ancestors declare."""
    lookups, risk = rng.random() < 0.4, rng.random() < 0.5
    words = Words(rng, declared, lookups=lookups, risk=risk)
    tree: Tree = {"name": prefix, "version": "1.0.0", "attributes": dict(own)}
    if lookups:
        tree |= {"lookups": _LOOKUPS, "data": _TABLES}
    if risk:
        early = Words(rng, declared, lookups=lookups)
        tree["risk"] = {c: condition(rng, early) for c in ("critical", "high", "medium")}
    if rng.random() < 0.4:
        tree["derive"] = _derive(rng, words)
    return tree | {"policies": _policies(rng, words, prefix)}


def _default(rng: random.Random) -> Any:
    asks = {"decision": "REQUIRE_APPROVAL", "approvers": ["ann"], "quorum": 1}
    return rng.choice(["DENY", "ALLOW", "ALLOW", asks])


def write(tree: Tree, folder: Path) -> Path:
    """The bundle `tree` as files below `folder`; its own path."""
    path = folder / str(tree["name"])
    path.mkdir(parents=True)
    own = {k: v for k, v in tree.items() if k not in ("data", "parent")}
    if "parent" in tree:
        write(tree["parent"], folder)
        own["extends"] = {"path": f"../{tree['parent']['name']}"}
    for name, text in tree.get("data", {}).items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    (path / "bundle.yaml").write_text(json.dumps(own, ensure_ascii=False), encoding="utf-8")
    return path


_TIMES = [datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
          datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
          datetime(1900, 6, 1, tzinfo=UTC)]  # fmt: skip


def _cell(name: str, rng: random.Random) -> Any:
    odd = rng.random() < 0.08
    match COLUMNS[name]:
        case pl.Boolean():
            return rng.random() < 0.5
        case pl.Int64():
            return rng.choice(_ODD_INTS if odd else _INTS)
        case pl.Float64():
            return rng.choice(_ODD_DOUBLES if odd else _DOUBLES)
        case pl.List():
            return [rng.choice(_TEXTS) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        case pl.Datetime():
            return rng.choice(_TIMES)
        case _:
            return rng.choice(_ARGS) if name == "args" else rng.choice(_TEXTS)


def _named(names: Sequence[str], rng: random.Random, share: float) -> str | None:
    return ",".join(rng.sample(names, rng.choice([1, 2, 5]))) if rng.random() < share else None


def _unknown(names: Sequence[str], rng: random.Random) -> str | None:
    """Columns that the source cannot tell; in some rows only some arguments were kept."""
    named = _named(names, rng, 0.3)
    if rng.random() > 0.15:
        return named
    paths = [name for name in DECLARED if name.startswith("args.")]
    kept = [f"+{name}" for name in rng.sample([*paths, "args.deep"], rng.choice([0, 1, 4]))]
    return ",".join([*([named] if named else []), "args.*", *kept])


def rows(rng: random.Random, count: int) -> list[Tree]:
    """Events: absent, malformed and unknown cells among values at every limit."""
    names = [n for n in COLUMNS if not n.endswith("_columns") and n != "event_id"]
    markable = [*names, "cost", "args.path"]
    found = []
    for at in range(count):
        sparse = rng.choice([0.02, 0.1, 0.5])
        event = {n: None if rng.random() < sparse else _cell(n, rng) for n in names}
        found.append({"event_id": f"e{at}", **event,
                      "unknown_columns": _unknown(markable, rng),
                      "malformed_columns": _named(markable, rng, 0.15)})  # fmt: skip
    return found


def frame_of(events: Sequence[Tree], lacking: frozenset[str] = frozenset()) -> pl.DataFrame:
    """The events as columns of a log that lacks the columns `lacking`."""
    return pl.DataFrame([{n: e[n] for n in COLUMNS if n not in lacking} for e in events],
                        schema={n: t for n, t in COLUMNS.items() if n not in lacking})  # fmt: skip


def unknown_of(event: Tree, lacking: frozenset[str]) -> frozenset[str]:
    """What the event's source cannot tell, for the reference engine."""
    named = event.get("unknown_columns") or ""
    return frozenset(filter(None, named.split(","))) | (lacking - {"tool", "action"})
