"""Every diagnostic of loading: text -> code, place, cause, cure; and all of them at once."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govlab.bundle import Bundle, load_bundle
from govlab.errors import BundleError, Diagnostic, GovlabError

SOURCE = Path(__file__).parents[2] / "govlab"


@dataclass(frozen=True)
class Wrong:
    """Files of a bundle, and the one diagnostic they give: code, place, words in it."""

    code: str
    at: str
    files: dict[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def manifest(text: str, **files: str) -> dict[str, str]:
    return {"bundle.yaml": text, **{k.replace("__", "/").replace("_csv", ".csv"): v
                                    for k, v in files.items()}}  # fmt: skip


def rule(text: str) -> dict[str, str]:
    """A policy whose one rule has `text` for a condition, in column 16 of line 3."""
    return {"policies/p.yaml": f"name: p\nrules:\n  - condition: {text}\n    decision: DENY\n"}


ALLOW = "{name: p, rules: [{decision: ALLOW}]}"
TABLE = "lookups: {t: {table: t.csv, key: tool, columns: {ok: %s}}}"
PARENT = {"root/a/bundle.yaml": "extends: {path: ../b}\n%s"}

# fmt: off
CASES = {
    "no bundle": Wrong("GL030", "b:1:1", {"readme.txt": ""}, ("no bundle here", "a bundle has")),
    "misnamed manifest": Wrong("GL030", "bundle.yml:1:1", {"bundle.yml": "default: ALLOW", "policies/p.yaml": ALLOW}, ("name it `bundle.yaml`",)),
    "policy is a folder": Wrong("GL030", "policies/p.yaml:1:1", {"policies/p.yaml/x": ""}, ("this is no file",)),
    "table outside": Wrong("GL030", "bundle.yaml:1:23", manifest("lookups: {t: {table: ../t.csv, key: tool}}"), ("`../t.csv` is outside", "put it under `data/`")),
    "table absolute": Wrong("GL030", "bundle.yaml:1:23", manifest("lookups: {t: {table: /etc/passwd, key: tool}}"), ("is outside the bundle's folder",)),
    "no such table": Wrong("GL030", "bundle.yaml:1:23", manifest("lookups: {t: {table: t.csv, key: tool}}"), ("no such table `t.csv`",)),
    "column name": Wrong("GL031", "bundle.yaml:1:46", manifest("lookups: {t: {table: t.csv, key: x, columns: {a-b: int}}}", t_csv="x,a-b\n"), ("`a-b` is no column name", "letters, digits")),
    "column keys": Wrong("GL031", "bundle.yaml:1:49", manifest("lookups: {t: {table: t.csv, key: tool, columns: {keys: int}}}", t_csv="tool,keys\n"), ("`t.keys` is the set",)),
    "lookup name": Wrong("GL031", "bundle.yaml:1:11", manifest("lookups: {a.b: {table: t.csv, key: tool}}", t_csv="tool\n"), ("`a.b` is no lookup name",)),
    "lookup is attribute": Wrong("GL031", "bundle.yaml:1:11", manifest("lookups: {env: {table: t.csv, key: tool}}", t_csv="tool\n"), ("`env` is an attribute already", "rename the lookup")),
    "lookup before dots": Wrong("GL031", "bundle.yaml:2:11", manifest("attributes: {t.ok: bool}\nlookups: {t: {table: t.csv, key: tool}}", t_csv="tool\n"), ("`t` is an attribute already",)),
    "attribute taken": Wrong("GL031", "bundle.yaml:1:14", manifest("attributes: {env: string}"), ("every log already", "remove it")),
    "attribute name": Wrong("GL031", "bundle.yaml:1:14", manifest("attributes: {args.a-b: string}"), ("no attribute name", "like `args.path`")),
    "attribute not ascii": Wrong("GL031", "bundle.yaml:1:14", manifest("attributes: {args.é: string}"), ("no attribute name",)),
    "param name": Wrong("GL031", "bundle.yaml:1:10", manifest("params: {a-b: 3}"), ("`a-b` is no param name",)),
    "feature name": Wrong("GL031", "bundle.yaml:1:11", manifest("history: {a b: {count: 'true', per: [env]}}"), ("`a b` is no feature name",)),
    "two constraints": Wrong("GL031", "bundle.yaml:1:52", manifest("constraints: {wait: {type: duration, merge: min}, wait_s: {type: int, merge: min}}".replace("}, wait_s", "},  wait_s")), ("two constraints are `wait_s`",)),
    "attribute type": Wrong("GL032", "bundle.yaml:1:14", manifest("attributes: {args.m: 'map(string, int)'}"), ("cannot be a map(string, int)", "use bool")),
    "policy twice": Wrong("GL033", "policies/q.yaml:1:8", {"policies/p.yaml": ALLOW, "policies/q.yaml": ALLOW}, ("a second policy `p`",)),
    "rule twice": Wrong("GL033", "policies/p.yaml:1:55", {"policies/p.yaml": "{name: p, rules: [{id: r, decision: ALLOW}, {id:     r, decision: DENY}]}"}, ("a second rule `r`", "an `id` of its own")),
    "id by place": Wrong("GL033", "policies/p.yaml:1:39", {"policies/p.yaml": "{name: p, rules: [{decision: ALLOW}, {id: p/1, decision: DENY}]}"}, ("a second rule `p/1`",)),
    "id of a target": Wrong("GL033", "policies/p.yaml:1:25", {"policies/p.yaml": "{name: p, rules: [{ id: q/on, decision: ALLOW}]}".replace(" id", "id", 1), "policies/q.yaml": "{name: q, rules: []}"}, ("a second rule `q/on`",)),
    "no parent": Wrong("GL034", "bundle.yaml:1:17", manifest("extends: {path: ../nowhere}"), ("no bundle at `../nowhere`",)),
    "long parent": Wrong("GL034", "bundle.yaml:1:17", manifest(f"extends: {{path: ../{'x' * 5000}}}"), ("",)),
    "parent out of root": Wrong("GL034", "bundle.yaml:1:17", manifest("extends: {path: ../../x}"), ("leads out of the bundle root",)),
    "own parent": Wrong("GL034", "bundle.yaml:1:17", manifest("extends: {path: .}"), ("cannot extend itself",)),
    "digest": Wrong("GL034", "bundle.yaml:1:31", manifest("extends: {path: ../a, digest: abc}", **{"../a/bundle.yaml": "{}"}), ("another digest", "it is now ")),
    "child default": Wrong("GL035", "bundle.yaml:2:1", manifest("extends: {path: ../a}\ndefault: ALLOW", **{"../a/bundle.yaml": "{}"}), ("has no `default`", "the root's default")),
    "default, parent lost": Wrong("GL035", "bundle.yaml:2:1", manifest("extends: {path: ../a}\ndefault: ALLOW", **{"../a/bundle.yaml": "{}"}), ("has no `default`",)),
    "inherited": Wrong("GL031", "bundle.yaml:2:10", manifest("extends: {path: ../a}\nparams: {n: 4}", **{"../a/bundle.yaml": "params: {n: 3}\nhistory: {n: {count: 'true', per: [env]}}"}), ("declared by the parent already",)),
    "group of a parent's approver": Wrong("GL031", "bundle.yaml:2:10", manifest("extends: {path: ../a}\ngroups: {sec: [eve]}", **{"../a/bundle.yaml": "policies: [{name: q, rules: [{decision: REQUIRE_APPROVAL, approvers: [sec]}]}]"}), ("approves in the parent",)),
    "inherited rule id": Wrong("GL033", "policies/p.yaml:1:25", {"bundle.yaml": "extends: {path: ../a}", "policies/p.yaml": "{name: p, rules: [{id:  r, decision: DENY}]}", "../a/bundle.yaml": "policies: [{name: q, rules: [{id: r, decision: DENY}]}]"}, ("a second rule `r`",)),
    "param type": Wrong("GL036", "bundle.yaml:1:10", manifest("params: {n: {value: x, type: int}}"), ("param `n` is a string, not a int", "write it as one")),
    "set identity": Wrong("GL037", "policies/p.yaml:1:71", {"policies/p.yaml": "{name: p, rules: [{decision: REMEDIATE,         remediation: {set: {actor: 'env'}}}]}"}, ("`actor` cannot be set",)),
    "set key of parent's feature": Wrong("GL037", "policies/p.yaml:1:62", {"bundle.yaml": "extends: {path: ../a}", "policies/p.yaml": "{name: p, rules: [{decision: REMEDIATE, remediation: {set: { env: '''x''' }}}]}".replace("{ env", "{env"), "../a/bundle.yaml": "history: {n: {count: 'true', per: [env]}}"}, ("`env` cannot be set",)),
    "set micro-dollars": Wrong("GL037", "policies/p.yaml:1:61", {"policies/p.yaml": "{name: p, rules: [{decision: REMEDIATE, remediation: {set: {cost_micro_usd: 3}}}]}"}, ("`cost_micro_usd` cannot be set",)),
    "set unknown": Wrong("GL037", "policies/p.yaml:1:61", {"policies/p.yaml": "{name: p, rules: [{decision: REMEDIATE, remediation: {set: {args.to: 3}}}]}"}, ("no such attribute `args.to`", "declare it: `attributes: {args.to: string}`")),
    "two manifests": Wrong("GL038", "bundle.yaml:3:1", manifest("name: a\n---\ndefault: ALLOW\n"), ("a manifest is one document", "policies are files")),
    "cell type": Wrong("GL040", "bundle.yaml:1:54", manifest(TABLE % "timestamp", t_csv="tool,ok\n"), ("a cell cannot be a timestamp", "use bool")),
    "join on list": Wrong("GL040", "bundle.yaml:1:42", manifest("lookups: {t: {table: t.csv, key: x, on:  risk_tags}}", t_csv="x\n"), ("it is a list(string)", "in lookup.keys")),
    "join on nothing": Wrong("GL040", "bundle.yaml:1:14", manifest("lookups: {t: {table: t.csv, key: x}}", t_csv="x\n"), ("it is no attribute", "name the attribute with `on`")),
    "derive fixed": Wrong("GL041", "bundle.yaml:1:10", manifest("derive: {ts: [{value: ts}]}"), ("fixed by the log",)),
    "derive nothing": Wrong("GL041", "bundle.yaml:1:10", manifest("derive: {foo: [{value: env}]}"), ("no attribute of this bundle",)),
    "derive later": Wrong("GL041", "bundle.yaml:1:10", manifest("derive: {outcome: [{value: env}]}"), ("known only after the action",)),
    "circle": Wrong("GL042", "bundle.yaml:1:10", manifest("derive: {env: [{value: region}], region: [{value: env}]}"), ("depends on itself: env -> ",)),
    "per": Wrong("GL043", "bundle.yaml:1:43", manifest("history: {n: {count: 'true', per: [tenant, actr]}}".replace("'true', ", "'true',")), ("`actr` cannot be a key", "did you mean `actor`?")),
    "per late": Wrong("GL043", "bundle.yaml:1:36", manifest("history: {n: {count: 'true', per: [outcome]}}"), ("it is known only after the action",)),
    "sum": Wrong("GL043", "bundle.yaml:1:20", manifest("history: {n: {sum: amount, per: [env]}}"), ("`amount` cannot be summed", "use `cost`")),
    "case history": Wrong("GL044", "cases/c.yaml:1:23", manifest("history: {n: {count: 'true', per: [env]}}", **{"cases/c.yaml": "{event: {}, history: {m: 1, n: 2}, want: {}}"}), ("no such feature: `m`",)),

    "syntax": Wrong("GL100", "policies/p.yaml:3:23", rule("env == == 'a'"), ()),
    "syntax in single quotes": Wrong("GL100", "policies/p.yaml:3:30", rule("'env == ''a'' && && true'"), ()),
    "escaped": Wrong("GL101", "policies/p.yaml:3:34", rule(r'"env == \"\u00e9\" && envv"'), ("no such attribute `envv`", "did you mean `env`?")),
    "block scalar": Wrong("GL101", "policies/p.yaml:5:10", rule("|\n      env == 'a'\n      || envv == 'b'"), ("no such attribute `envv`",)),
    "folded": Wrong("GL101", "policies/p.yaml:5:10", rule(">-\n      env == 'a'\n      || envv == 'b'"), ("no such attribute `envv`",)),
    "after": Wrong("GL102", "policies/p.yaml:3:16", rule("outcome == 'error'"), ("it is known only after the action",)),
    "no risk": Wrong("GL102", "policies/p.yaml:3:16", rule("risk == 'high'"), ("declares no `risk` classes",)),
    "history reads risk": Wrong("GL102", "bundle.yaml:2:23", manifest("risk: {high: 'true'}\nhistory: {n: {count: \"risk == 'high'\", per: [env]}}"), ("risk is computed later",)),
    "risk reads history": Wrong("GL102", "bundle.yaml:2:14", manifest("history: {n: {count: 'true', per: [env]}}\nrisk: {high: 'history.n > 1'}"), ("history is computed later",)),
    "function": Wrong("GL103", "policies/p.yaml:3:16", rule("startsWit(env, 'a')"), ("no such function `startsWit`",)),
    "overload": Wrong("GL104", "policies/p.yaml:3:16", rule("cost > 50"), ("no overload `double > int`", "write `50.0`")),
    "literal": Wrong("GL105", "policies/p.yaml:3:28", rule("env.matches(tool)"), ("needs a literal here",)),
    "pattern": Wrong("GL106", "policies/p.yaml:3:30", rule("'env.matches(''('')'"), ()),
    "no bool": Wrong("GL107", "policies/p.yaml:3:16", rule("env"), ("this is `string`, not `bool`",)),
    "no list": Wrong("GL108", "policies/p.yaml:3:16", rule("env.exists(x, x == 'a')"), ("runs over a list or map",)),
    "has": Wrong("GL109", "policies/p.yaml:3:20", rule("has(env.size().x)"), ("has no fields to ask for",)),
    "mixed": Wrong("GL110", "policies/p.yaml:3:29", rule("(true ? env : 3) == env"), ("mixes `string` and `int`",)),

    "no csv": Wrong("GL201", "t.csv:2:1", manifest(TABLE % "bool", t_csv='tool,ok\n"x,true\n'), ("not CSV",)),
    "no column": Wrong("GL202", "t.csv:1:1", manifest(TABLE % "bool", t_csv="tool,okay\nx,true\n"), ("no column `ok`", "did you mean `okay`?")),
    "no column, no rows": Wrong("GL202", "t.csv:1:1", manifest(TABLE % "bool", t_csv="tool\n"), ("no column `ok`",)),
    "cell": Wrong("GL203", "t.csv:3:1", manifest(TABLE % "bool", t_csv="tool,ok\nx,true\ny,yes\n"), ("`yes` in column `ok` is no bool",)),
    "key twice": Wrong("GL204", "t.csv:3:1", manifest(TABLE % "bool", t_csv="tool,ok\nx,true\nx,false\n"), ("a second row for the key `x`", "remove one")),
    "no key": Wrong("GL205", "t.csv:3:1", manifest(TABLE % "bool", t_csv="tool,ok\nx,true\n,false\n"), ("is empty",)),
}
# fmt: on


def written(folder: Path, files: dict[str, str]) -> Path:
    bundle = folder / "root" / "b"
    for name, text in files.items():
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text(text, encoding="utf-8")
    bundle.mkdir(parents=True, exist_ok=True)
    return bundle


def everything(bundle: Path) -> Bundle:
    """The bundle with its cases read, too."""
    from govlab.cases import read_cases  # noqa: PLC0415 - a layer above what is under test

    loaded = load_bundle(bundle)
    read_cases(loaded)
    return loaded


def problems(bundle: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(BundleError) as caught:
        everything(bundle)
    return caught.value.diagnostics


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_diagnostic(case: Wrong, tmp_path: Path) -> None:
    (found,) = problems(written(tmp_path, case.files))
    assert (found.code, str(found.place).removeprefix(f"{tmp_path}/root/b/").removeprefix(f"{tmp_path}/root/")) == (case.code, case.at)  # noqa: E501  # fmt: skip
    assert [word for word in case.says if word not in f"{found.message}; {found.hint}"] == []
