"""A bundle's own cases: read, run, compared; mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.bundle import Bundle, load_bundle
from govlab.bundle.sources import starters
from govlab.cases import Result, read_cases, run_cases
from govlab.errors import BundleError

BUNDLE = """
history:
  spend: {sum: cost, per: [actor], over: permitted}
name: p
rules:
  - {condition: "history.spend > 5.0", decision: DENY, reason: spent}
  - {decision: ALLOW_WITH_CONSTRAINTS, constraints: {max_files: 3}}
"""


def bundle(folder: Path, cases: str, name: str = "c.yaml", text: str = BUNDLE) -> Bundle:
    (folder / "cases").mkdir()
    (folder / "cases" / name).write_text(cases)
    (folder / "policies").mkdir()
    manifest, policy = text.split("name: p")
    (folder / "bundle.yaml").write_text(manifest)
    (folder / "policies" / "p.yaml").write_text("name: p" + policy)
    return load_bundle(folder)


def results(folder: Path, cases: str, name: str = "c.yaml") -> tuple[Result, ...]:
    loaded = bundle(folder, cases, name)
    return run_cases(loaded, read_cases(loaded))


@pytest.mark.parametrize(
    "case",
    [
        "{event: {actor: a}, want: {decision: ALLOW_WITH_CONSTRAINTS, "
        "constraints: {max_files: 3}}}",
        "{event: {actor: a}, history: {spend: 5.5}, "
        "want: {decision: DENY, reason: spent, rule: p/1}}",
        "{event: {actor: a}, history: {spend: 6}, want: {decision: DENY}}",
        "{event: {actor: a}, events: [{actor: a, cost: 9}], want: {decision: DENY}}",
        "{event: {actor: a}, events: [{actor: b, cost: 9}], "
        "want: {decision: ALLOW_WITH_CONSTRAINTS}}",
        "{event: {}, want: {decision: DENY, status: error, matched: [p/1]}}",
        "{event: {}, unknown: [actor], want: {status: undecidable}}",
        "[{event: {actor: a}, want: {}}, {event: {actor: a}, want: {missing: []}}]",
        "{event: {actor: a, ts: '2026-01-01T11:00:00Z'}, want: {decision: DENY}, events: "
        "[{actor: a, cost: 9, ts: '2026-01-01T12:30:00+02:00'}]}",
        "{event: {actor: a, ts: '2026-01-01T11:00:00Z'}, want: {decision: ALLOW_WITH_CONSTRAINTS}, "
        "events: [{actor: a, cost: 9, ts: '2026-01-01T10:30:00-02:00'}]}",
    ],
)
def test_a_case_that_passes(case: str, tmp_path: Path) -> None:
    assert [r.differences for r in results(tmp_path, case) if not r.passed] == []


def test_a_difference_names_field_wanted_and_got(tmp_path: Path) -> None:
    (result,) = results(
        tmp_path, "{title: t, event: {actor: a}, want: {rule: p/1, decision: DENY}}"
    )
    assert not result.passed
    assert result.case.name == "t"
    assert result.differences == (
        ("decision", "DENY", "ALLOW_WITH_CONSTRAINTS"),
        ("rule", "p/1", "p/2"),
    )


def test_a_case_without_a_title_is_named_by_its_place(tmp_path: Path) -> None:
    (result,) = results(tmp_path, "- {event: {actor: a}, want: {}}")
    assert result.case.name.endswith("cases/c.yaml:1:3")


def test_both_endings_of_yaml_are_read(tmp_path: Path) -> None:
    assert len(results(tmp_path, "{event: {actor: a}, want: {}}", "c.yml")) == 1


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (
            "{event: {}, want: {decison: DENY}}",
            "GL010 no such key: `decison`; did you mean `decision`",
        ),
        (
            "{event: {}, want: {}, history: {spent: 3, spend: 1}}",
            "GL044 no such feature: `spent`; did you mean `spend`",
        ),
        ("{event: {}, want: {}, history: {other: 3}}", "GL044 `history` lacks `spend`"),
        (
            "{event: {}, want: {}, history: {spend: 3}, events: [{}]}",
            "GL044 `history` and `events` do not stand together",
        ),
        ("{event: {}, want: {status: fine}}", "GL013"),
        ("[1]", "GL012"),
        ("{", "GL001"),
    ],
)
def test_mistakes_in_cases(case: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        read_cases(bundle(tmp_path, case))
    assert message in str(caught.value)


def test_a_folder_that_is_named_like_a_case_file_is_told(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, "{event: {}, want: {}}")
    (tmp_path / "cases" / "d.yaml").mkdir()
    with pytest.raises(BundleError, match="GL030 cannot be read"):
        read_cases(loaded)


@pytest.mark.parametrize("name", sorted(starters()))
def test_the_starters_own_cases_pass(name: str) -> None:
    loaded = load_bundle(name)
    found = run_cases(loaded, read_cases(loaded))
    assert found
    assert [(r.case.name, r.differences) for r in found if not r.passed] == []
