"""Every diagnostic of loading: text -> code, place, cause, cure; and all of them at once."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govlab.bundle import Bundle, load_bundle
from govlab.errors import BundleError, Diagnostic, GovlabError

SOURCE = Path(__file__).parents[2] / "govlab"


CASES = yaml.safe_load((Path(__file__).parent / "loading.yaml").read_text("utf-8"))


def rule(text: str) -> dict[str, str]:
    """A policy whose one rule has `text` for a condition, in column 16 of line 3."""
    return {"policies/p.yaml": f"name: p\nrules:\n  - condition: {text}\n    decision: DENY\n"}


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


def where(found: Diagnostic, folder: Path) -> str:
    """The place as a person in the bundle's folder would name it."""
    return str(found.place).replace(f"{folder}/root/", "").removeprefix("b/")


def problems(bundle: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(BundleError) as caught:
        everything(bundle)
    return caught.value.diagnostics


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_diagnostic(case: dict[str, Any], tmp_path: Path) -> None:
    (found,) = problems(written(tmp_path, case["files"]))
    assert (found.code, where(found, tmp_path)) == (case["code"], case["at"])
    said = f"{found.message}; {found.hint}"
    assert [word for word in case["says"] if word not in said] == []


def test_a_path_too_long_for_the_system_is_no_bundle(tmp_path: Path) -> None:
    files = {"bundle.yaml": f"extends: {{path: ../{'x' * 5000}}}"}
    assert codes(written(tmp_path, files)) == [("GL034", "bundle.yaml:1:17")]


def codes_in_source() -> set[str]:
    """The codes that this package's loader, checker, tables and cases give."""
    files = [*SOURCE.glob("bundle/*.py"), *SOURCE.glob("lang/*.py"), SOURCE / "cases.py"]
    found = {code for f in files for code in re.findall(r'"(GL\d{3})"', f.read_text("utf-8"))}
    return {code for code in found if not code.startswith(("GL00", "GL01", "GL02"))}


def test_every_code_is_tested() -> None:
    """GL001 to GL029 are of shape: test_yamltext, test_tree and test_documents have them."""
    assert codes_in_source() - {case["code"] for case in CASES} == set()


# All at once


def codes(bundle: Path) -> list[tuple[str, str]]:
    return [(p.code, where(p, bundle.parents[1])) for p in problems(bundle)]


def test_all_errors_of_all_files_and_parents_at_once(tmp_path: Path) -> None:
    """Shape, names, conditions, tables, in one file and several: one run names them all."""
    bundle = written(
        tmp_path,
        {
            "bundle.yaml": "extends: {path: ../a}\nparams: {n: {value: x, type: int}}\n"
            "lookups: {t: {table: t.csv, key: tool, columns: {ok: bool}}}\n",
            "t.csv": "tool,ok\nx,maybe\n",
            "policies/1.yaml": "name: p\n"
            "rules: [{decison: DENY}, {condition: envv, decision: DENY}]\n",
            "policies/2.yaml": "name: q\nrules:\n"
            "  - {condition: t.ok && params.n > 3 && envv == 'a', decision: DENY}\n",
            "policies/3.yaml": "name: [\n",
            "../a/bundle.yaml": "risk: {high: envv}\n",
        },
    )
    assert sorted(codes(bundle)) == [
        ("GL001", "policies/3.yaml:2:1"),
        ("GL010", "policies/1.yaml:2:10"),
        ("GL011", "policies/1.yaml:2:9"),
        ("GL036", "bundle.yaml:2:10"),
        ("GL101", "a/bundle.yaml:1:14"),
        ("GL101", "policies/1.yaml:2:38"),
        ("GL101", "policies/2.yaml:3:41"),
        ("GL203", "t.csv:2:1"),
    ]


def test_all_errors_of_one_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(
        "params: {a-b: 1}\nrules:\n  - decison: DENY\n  - {condition: envv, decision: DENY}\n"
    )
    with pytest.raises(BundleError) as caught:
        load_bundle(file)
    assert [(d.code, d.place.line) for d in caught.value.diagnostics] == [
        ("GL031", 1),
        ("GL011", 3),
        ("GL010", 3),
        ("GL101", 4),
    ]


def test_limits_are_checked_beside_a_rule_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(
        "rules:\n  - {decision: BLOCK}\n"
        "  - {decision: ALLOW_WITH_CONSTRAINTS, constraints: {max_retry: 3, timeout: 300}}\n"
    )
    with pytest.raises(BundleError) as caught:
        load_bundle(file)
    assert [(d.code, d.place.line) for d in caught.value.diagnostics] == [
        ("GL013", 2),
        ("GL020", 3),
        ("GL012", 3),
    ]


@pytest.mark.parametrize(
    ("before", "condition"),
    [
        ("params: {n: {value: x, type: int}}", "params.n > 3"),
        ("attributes: {args.n: bytes}", "args.n == 'a'"),
        ("lookups: {t: {table: no.csv, key: tool, columns: {ok: bool}}}", "t.ok"),
        (
            "lookups: {t: {table: ../t.csv, key: tool, columns: {ok: bool}}}",
            "t.ok && tool in t.keys",
        ),
        ("history: {n: {count: envv, per: [env]}}", "history.n > 3"),
        ("risk: {high: envv}", "risk == 'high'"),
    ],
)
def test_one_cause_is_one_problem(before: str, condition: str, tmp_path: Path) -> None:
    """What reads a name whose declaration is wrong is not wrong too."""
    files = {"bundle.yaml": before, **rule(json.dumps(condition))}
    assert len(problems(written(tmp_path, files))) == 1


def test_caret_stands_under_the_word(tmp_path: Path) -> None:
    (found,) = problems(written(tmp_path, rule(r'"env == \"\u00e9\" && envv"')))
    line, caret = str(found).splitlines()[1:]
    assert line[caret.index("^") :] == 'envv"'


# What loads


def test_a_file_alone_is_a_bundle(tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("rules: [{decision: DENY}]\n")
    bundle = load_bundle(file)
    assert [(p.name, [r.id for r in p.rules]) for p in bundle.policies] == [("gate", ["gate/1"])]


def test_a_file_whose_name_is_no_policy_name_asks_for_one(tmp_path: Path) -> None:
    file = tmp_path / "my gate.yaml"
    file.write_text("rules: [{decision: DENY}]\n")
    with pytest.raises(BundleError, match=r"GL021 `my gate` is no name; give the policy a `name`"):
        load_bundle(file)


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_true_in_every_spelling_is_a_condition(word: str, tmp_path: Path) -> None:
    bundle = load_bundle(written(tmp_path, rule(word)))
    assert bundle.policies[0].rules[0].condition.text == "true"


def test_text_in_lists_keeps_every_character(tmp_path: Path) -> None:
    tags = ["caf\u00e9", "\U0001f431", 'a"b\\', "a\nb"]
    text = json.dumps(tags, ensure_ascii=False)
    files = {
        "policies/p.yaml": "name: p\nrules:\n- decision: REMEDIATE\n"
        f"  remediation: {{set: {{risk_tags: {text}}}}}\n"
    }
    remedy = load_bundle(written(tmp_path, files)).policies[0].rules[0].remediation
    assert remedy is not None
    from govlab.backends.reference import evaluate  # noqa: PLC0415 - a layer above

    assert evaluate(remedy.set[0][1].node, {}) == tuple(tags)


def test_a_child_reads_what_its_parent_declares(tmp_path: Path) -> None:
    """A child may not declare it again (S5), so without this it could never read it."""
    files = {
        "bundle.yaml": "extends: {path: ../a}",
        **rule("args.path == 'x'"),
        "../a/bundle.yaml": "attributes: {args.path: string}",
    }
    child = load_bundle(written(tmp_path, files))
    assert (dict(child.attributes), sorted(child.readable())) == ({}, ["args.path"])


# Hostile input

SEED = {
    "bundle.yaml": "params: {n: {value: 3, range: [1, 9]}}\nattributes: {args.path: string}\n"
    "risk: {high: \"env == 'production'\"}\n"
    "history: {c: {count: 'true', per: [actor], within: 1h}}\n"
    "lookups: {t: {table: data/t.csv, key: tool, columns: {ok: bool, w: double}}}\n"
    "derive: {env: [{when: t.ok, value: \"'x'\"}]}\ngroups: {sec: [ann]}\n",
    "policies/p.yaml": "name: p\non: [{tool: ['a*', 'b?'], env: x}]\nrules:\n"
    "  - {condition: \"args.path.startsWith('/') && params.n > 2\", decision: DENY, reason: no}\n"
    "  - {condition: history.c > 3, decision: REQUIRE_APPROVAL, approvers: [sec], "
    "expires_after: 1h}\n"
    "  - {decision: ALLOW_WITH_CONSTRAINTS, constraints: {max_cost: 5.00, rate: 3/1m}}\n",
    "data/t.csv": "tool,ok,w\nx,true,1.5\ny,,\n",
}
SPLICES = [
    b"\x00",
    b"\xff",
    b"- ",
    b"{",
    b"}",
    b"[",
    b"&a ",
    b"*a",
    b"!!x ",
    b"\n---\n",
    b"\t",
    b"? ",
    b"null",
    b"1e999",
    b"9" * 400,
    b"'",
    b'"',
    b"\\ud800",
    b"((((",
    b"x" * 300,
    b"extends: {path: .}\n",
    b"../",
    b"\xf0\x9f\x90\xb1",
    b": ",
    b"\r",
    b"#",
    b"%YAML 9.9\n",
]


def hostile(bundle: Path) -> None:
    """Loads, or says what is wrong; never anything else, and soon."""
    began = time.process_time()
    with suppress(GovlabError):
        everything(bundle)
    assert time.process_time() - began < 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_bytes_never_escape(tmp_path: Path, data: st.DataObject) -> None:
    bundle = written(tmp_path, SEED)
    name = data.draw(st.sampled_from(sorted(SEED)))
    content = SEED[name].encode()
    for _ in range(data.draw(st.integers(1, 3))):
        a = data.draw(st.integers(0, len(content)))
        b = data.draw(st.integers(a, min(len(content), a + 12)))
        content = (
            content[:a] + data.draw(st.sampled_from(SPLICES) | st.binary(max_size=4)) + content[b:]
        )
    (bundle / name).write_bytes(content)
    hostile(bundle)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["env", "1h", "DENY", "list(string)", "..", "args.path", "history.c", "true", "t"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "type", "count", "per", "table", "key", "on", "n"])
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
SECTIONS = [
    "params",
    "attributes",
    "risk",
    "history",
    "lookups",
    "derive",
    "groups",
    "constraints",
    "extends",
    "default",
    "mode",
    "until",
    "policies",
    "controls",
    "version",
    "name",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(SECTIONS),
        VALUES | st.dictionaries(st.sampled_from(["a", "env", "high"]), VALUES, max_size=2),
        max_size=4,
    ),
    st.lists(VALUES, max_size=3),
)
def test_mutated_structure_never_escapes(
    tmp_path: Path, sections: dict[str, Any], rules: list[Any]
) -> None:
    policy = json.dumps({"name": "p", "rules": rules}).encode("utf-8", "replace").decode()
    bundle = written(tmp_path, {"bundle.yaml": json.dumps(sections), "policies/p.yaml": policy})
    hostile(bundle)


def test_a_pipe_is_no_policy(tmp_path: Path) -> None:
    bundle = written(tmp_path, SEED)
    assert everything(bundle).digest
    os.mkfifo(bundle / "policies" / "q.yaml")
    assert codes(bundle) == [("GL030", "policies/q.yaml:1:1")]


def test_a_link_out_of_the_bundle_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    bundle = written(tmp_path, SEED)
    (bundle / "policies" / "q.yaml").symlink_to(tmp_path / "secret.yaml")
    (found,) = problems(bundle)
    assert "leads out of the bundle" in found.message
    assert "hunter2" not in str(found)
