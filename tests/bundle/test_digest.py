"""The digest: every mutation of meaning changes it, every reformatting keeps it (S11)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govlab.bundle import Bundle, load_bundle
from govlab.bundle.digest import digest, meaning
from govlab.bundle.model import Expression, Mode
from govlab.types import BYTES, Type

TABLE = "tool,ok,w\nx,true,1.5\ny,false,\n"
TREE: dict[str, Any] = {
    "name": "b",
    "params": {"n": 3, "d": {"value": "1h", "type": "duration"}, "l": ["a", "b"], "x": 3.0},
    "attributes": {"args.path": "string", "args.n": "int"},
    "risk": {"high": "env == 'production'", "critical": "cost > 5.0"},
    "history": {
        "c": {"count": "tool == 'x'", "per": ["actor", "env"], "within": "1h", "over": "denied"},
        "s": {"sum": "cost", "per": ["tenant"]},
    },
    "lookups": {
        "t": {"table": "data/t.csv", "key": "tool", "columns": {"ok": "bool", "w": "double"}},
        "g": {
            "table": "data/t.csv",
            "key": "tool",
            "match": "glob",
            "columns": {"ok": "bool", "w": "double"},
        },
    },
    "derive": {"region": [{"when": "t.ok", "value": "'x'"}, {"value": "env"}]},
    "groups": {"sec": ["ann", "bob"]},
    "constraints": {"wait": {"type": "duration", "merge": "max"}},
    "default": {"decision": "REQUIRE_APPROVAL", "approvers": ["sec"], "expires_after": "2h"},
}
POLICIES: list[dict[str, Any]] = [
    {
        "name": "p",
        "on": [{"tool": ["a*", "b?"], "env": "x"}, {"risk_tags": "pii"}],
        "rules": [
            {
                "id": "no",
                "condition": "params.n > 2 && risk == 'high'",
                "decision": "DENY",
                "reason": 'too "much": 1 # of it',
                "gate": "environment",
            },
            {
                "condition": "args.n / 3 == 1",
                "decision": "REQUIRE_APPROVAL",
                "quorum": 2,
                "approvers": ["sec", "eve"],
                "expires_after": "90s",
                "evidence_required": True,
                "separation_of_duties": False,
                "constraints": {"max_cost": 5, "timeout": "2s"},
            },
        ],
    },
    {
        "name": "q",
        "rules": [
            {
                "decision": "ALLOW_WITH_CONSTRAINTS",
                "constraints": {
                    "rate": "3/1m",
                    "allow_paths": ["/a", "/b"],
                    "wait": "1500ms",
                    "read_only": True,
                },
            },
            {
                "condition": "history.c > 3 || history.s > 1.5",
                "decision": "REMEDIATE",
                "remediation": {
                    "set": {"args.path": "'/tmp'", "cost": 3},
                    "suggestion": "s",
                    "apply": "automatic",
                },
            },
        ],
    },
]


def load(folder: Path, files: Mapping[str, str]) -> Bundle:
    for name, text in {"data/t.csv": TABLE, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load_bundle(folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("plain")
    policies = "\n---\n".join(map(json.dumps, POLICIES))
    return load(folder, {"bundle.yaml": json.dumps(TREE), "policies/p.yaml": policies})


# Mutations of the model

OUTSIDE = {
    *(
        f"Bundle.{f}"
        for f in (
            "name",
            "version",
            "digest",
            "path",
            "owner",
            "rationale",
            "mode",
            "order",
            "controls",
            "notes",
            "assumptions",
            "parent",
        )
    ),
    "Expression.node",
    "Expression.source",
    "Expression.place",
    "Policy.place",
    "Policy.mode",
    "Policy.controls",
    "Rule.place",
    "Rule.controls",
    "Rule.notes",
    "Lookup.entity",  # which of its tables a decision point searches
}
GIVEN = {
    "Rule.remediation": None,
    "Rule.expires_after_s": 7,
    "Default.expires_after_s": 7,
    "Feature.count": None,
    "Feature.sum": "tokens_in",
    "Feature.within_us": 7,
}


Mutant = tuple[tuple[str, ...], Any]  # the fields on the way to what was changed, and the whole


def mutants(value: Any) -> Iterator[Mutant]:
    """Every `value` that differs in one place."""
    match value:
        case bool():
            yield (), not value
        case int() | float():
            yield (), value + 1
        case str():
            yield (), value + "x"
        case Type():
            yield (), BYTES
        case tuple() | list():
            for place, item in enumerate(value):
                before, after = value[:place], value[place + 1 :]
                if not is_record(value):
                    yield (), before + after
                yield from ((at, (*before, new, *after)) for at, new in mutants(item))
        case Mapping():
            for key, item in value.items():
                rest = {k: v for k, v in value.items() if k != key}
                yield (), rest
                yield (), {**rest, f"{key}x": item}
                yield from ((at, {**rest, key: new}) for at, new in mutants(item))
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield from fielded(value)


def is_record(value: Any) -> bool:
    """Whether a tuple has places with a meaning of their own, such as a row's cells."""
    kinds = {type(item) for item in value}
    return len(kinds) > 1 or kinds == {Expression}


def fielded(value: Any) -> Iterator[Mutant]:
    for one in fields(value):
        name, old = f"{type(value).__name__}.{one.name}", getattr(value, one.name)
        if name in OUTSIDE:
            continue
        if name in GIVEN and old != GIVEN[name]:
            yield (name,), replace(value, **{one.name: GIVEN[name]})
        for at, new in mutants(old):
            yield (name, *at), replace(value, **{one.name: new})


def test_every_mutation_of_meaning_changes_the_digest(bundle: Bundle) -> None:
    changed = list(mutants(bundle))
    assert [at for at, mutant in changed if digest(mutant) == bundle.digest] == []
    assert len({digest(mutant) for _, mutant in changed}) > 0.9 * len(changed)


def test_every_field_of_the_model_is_mutated_or_named_as_outside(bundle: Bundle) -> None:
    reached = {name for at, _ in mutants(bundle) for name in at} | OUTSIDE
    seen: set[type] = set()

    def collect(value: Any) -> None:
        if is_dataclass(value) and not isinstance(value, Type):
            seen.add(type(value))
            for one in fields(value):
                if f"{type(value).__name__}.{one.name}" not in OUTSIDE:
                    collect(getattr(value, one.name))
        elif isinstance(value, tuple | list):
            for item in value:
                collect(item)
        elif isinstance(value, Mapping):
            for item in value.values():
                collect(item)

    collect(bundle)
    names = {f"{kind.__name__}.{one.name}" for kind in seen for one in fields(kind)}
    assert names - reached == set()


def test_what_is_outside_is_outside(bundle: Bundle) -> None:
    others = {
        "name": "z",
        "version": "9.9.9",
        "owner": "z",
        "rationale": "z",
        "notes": "z",
        "controls": ("z",),
        "mode": Mode("monitor"),
        "order": ("z",),
        "path": Path("z"),
    }
    for name, value in others.items():
        assert digest(replace(bundle, **{name: value})) == bundle.digest, name


def test_the_parents_digest_is_part(bundle: Bundle) -> None:
    child = replace(bundle, parent=bundle)
    assert digest(child) != digest(replace(child, parent=replace(bundle, digest="other")))
    assert digest(child) != digest(bundle)


def test_the_order_of_policies_rules_risk_and_derivations_is_meaning(bundle: Bundle) -> None:
    first, *rest = bundle.policies
    derived = bundle.derive[0]
    for other in (
        replace(bundle, policies=bundle.policies[::-1]),
        replace(bundle, policies=(replace(first, rules=first.rules[::-1]), *rest)),
        replace(bundle, risk=bundle.risk[::-1]),
        replace(bundle, derive=(replace(derived, rules=derived.rules[::-1]),)),
    ):
        assert digest(other) != bundle.digest


def test_the_order_of_declarations_members_and_exact_rows_is_not(bundle: Bundle) -> None:
    exact, glob = sorted(bundle.lookups, key=lambda k: k.match)
    turned = replace(
        bundle,
        history=bundle.history[::-1],
        groups={"sec": ("bob", "ann", "bob")},
        lookups=(glob, replace(exact, rows=exact.rows[::-1])),
    )
    assert digest(turned) == bundle.digest
    globs = (exact, replace(glob, rows=glob.rows[::-1]))
    assert digest(replace(bundle, lookups=globs)) != bundle.digest


def test_numbers_are_text_that_tells_int_from_double(bundle: Bundle) -> None:
    params = meaning(bundle)["params"]
    assert (params["n"]["value"], params["x"]["value"]) == ("3", "3.0")


# Reformatting of the text


def dumped(tree: Any, style: str | None, flow: bool, width: int) -> str:
    """`tree` as YAML with its texts in one style of quoting."""

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(
        tree,
        Dumper=Dumper,
        sort_keys=False,
        default_flow_style=flow,
        width=width,
        allow_unicode=True,
    )


ORDERED = {"risk"}  # the first class that holds is the event's


def shuffled(tree: Any, draw: Any, name: str = "") -> Any:
    if isinstance(tree, list):
        return [shuffled(item, draw) for item in tree]
    if not isinstance(tree, dict):
        return tree
    keys = list(tree) if name in ORDERED else draw(st.permutations(list(tree)))
    return {key: shuffled(tree[key], draw, key) for key in keys}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_reformatting_keeps_the_digest(
    bundle: Bundle, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    def text(tree: Any) -> str:
        style = data.draw(st.sampled_from([None, "'", '"', "|", ">"]))
        flow, width = data.draw(st.booleans()), data.draw(st.sampled_from([40, 1000]))
        lines = dumped(shuffled(tree, data.draw), style, flow, width)
        comment = "# comment\n" if data.draw(st.booleans()) else ""
        return comment + lines.replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))

    name = "n" + data.draw(st.text("abz09", max_size=3))
    manifest = {**TREE, "name": name, "version": "1.2.3", "notes": "n"}
    where = data.draw(st.sampled_from(["inline", "one file", "two files"]))
    files: dict[str, str] = {}
    if where == "inline":
        manifest["policies"] = POLICIES
    elif where == "one file":
        files[f"policies/{name}.yml"] = "\n---\n".join(map(text, POLICIES))
    else:
        files = {f"policies/{n}{name}.yaml": text(p) for n, p in enumerate(POLICIES)}
    files["bundle.yaml"] = text(manifest)
    assert load(tmp_path_factory.mktemp("other"), files).digest == bundle.digest
