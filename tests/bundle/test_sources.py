"""Where bundles are found, and what becomes of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govlab.bundle import load_bundle
from govlab.bundle.sources import find_bundle, inside, read_documents, starters
from govlab.errors import BundleError, UsageError


def test_every_starter_is_found_by_its_name() -> None:
    assert starters()
    for name, path in starters().items():
        assert find_bundle(name) == find_bundle(f"starter:{name}") == path


def test_a_folder_wins_over_a_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(iter(starters()))
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_bundle(name) == Path(name)
    assert find_bundle(f"starter:{name}") == starters()[name]


@pytest.mark.parametrize(
    "name", ["nowhere", "x" * 5000, "a\0b", "~nobody-at-all/x", "", "starter:"]
)
def test_what_is_no_path_is_a_usage_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "":
        with pytest.raises(BundleError, match="no bundle here"):
            load_bundle(name)
    else:
        with pytest.raises(UsageError, match="no bundle at"):
            find_bundle(name)


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UsageError, match="did you mean `prod-safety`"):
        find_bundle("prod-safty")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a/b", True),
        ("a/../b", True),
        (".", True),
        ("..", False),
        ("/etc", False),
        ("link", False),
        ("link/x", False),
        ("loop", False),
        ("a\0", False),
    ],
)
def test_inside(text: str, fits: bool, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    assert (inside(folder, text) is not None) is fits


def test_policies_come_in_the_order_of_file_names_then_documents(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "bundle.yaml").write_text("policies: [{name: m, rules: []}]")
    (tmp_path / "policies" / "20.yaml").write_text(
        "{name: c, rules: []}\n---\n{name: a, rules: []}"
    )
    (tmp_path / "policies" / "10.yml").write_text("{name: z, rules: []}")
    found = read_documents(tmp_path)
    assert [source.document.name for source in found.policies] == ["m", "z", "c", "a"]


def test_a_broken_policy_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text("{name: a, rules: [{decision: NO}]}\n---\n{name: b, rules: []}")
    found = read_documents(file)
    assert [source.document.name for source in found.policies] == ["b"]
    assert (len(found.broken), [p.code for p in found.problems]) == (1, ["GL013"])


def test_an_empty_file_says_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("# nothing\n")
    with pytest.raises(BundleError, match="GL030 the file is empty; write a policy"):
        load_bundle(file)


POLICY = "name: p\non: [{tool: x}]\nrules: [{condition: 'true', decision: DENY}]\n"


def test_an_empty_policy_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/a.yaml").write_text(POLICY)
    (tmp_path / "policies/b.yaml").write_text("# all commented out\n")
    with pytest.raises(BundleError, match=r"b\.yaml:1:1: GL030 the file is empty"):
        load_bundle(tmp_path)


@pytest.mark.parametrize("folder", [".", "policies"])
def test_a_folder_that_may_not_be_listed_loses_no_rule_unseen(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, whom no mode stops: the refusal is made here."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/a.yaml").write_text(POLICY)
    locked = (tmp_path / folder).resolve()

    def refuse(path: Path) -> Any:
        if path.resolve().is_relative_to(locked):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(BundleError, match="GL030 cannot be read: Permission denied"):
        load_bundle(tmp_path)


@pytest.mark.parametrize("name", ["more/extra.yaml", "extra.YAML"])
def test_policies_that_would_not_be_read_are_an_error(tmp_path: Path, name: str) -> None:
    """Rules that are lost unseen would loosen the bundle."""
    file = tmp_path / "b" / "policies" / name
    file.parent.mkdir(parents=True)
    file.write_text("name: p\nrules: [{decision: DENY}]\n", encoding="utf-8")
    (tmp_path / "b" / "bundle.yaml").write_text("name: b\n", encoding="utf-8")
    with pytest.raises(BundleError, match="nothing in here would be read"):
        load_bundle(tmp_path / "b")
