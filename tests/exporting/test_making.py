"""An export: whole or not at all, equal to replay on every event, stable, checked before use."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import govlab
from govlab.bundle import load_bundle
from govlab.errors import BundleError, UsageError
from govlab.exporting import ParityError, engine_source, export_engine, open_engine, verify
from govlab.exporting import making as making_module
from govlab.exporting.manifest import MANIFEST
from govlab.exporting.signing import SIGNATURE
from govlab.exporting.vectors import failing
from govlab.exporting.verifying import verified_engine
from govlab.keys import Key, new_key, read_key
from tests import generators, histories
from tests.exporting.engines import bundle_of

LOG = pl.DataFrame(
    {
        "event_id": ["a", "b", "c"],
        "ts": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
        "tool": ["aws-cli", "aws-cli", "calculator"],
        "env": ["production", "dev", None],
        "actor": ["x", "y", "z"],
        "cost_micro_usd": [1, None, 5_000_000],
        "outcome": ["ok", "ok", "error"],
    }
)
FILES = ["MANIFEST.json", "bundle.json", "engine.py", "vectors.jsonl"]


@pytest.fixture
def key(tmp_path: Path) -> Key:
    (tmp_path / "k.pem").write_bytes(new_key())
    return read_key(tmp_path / "k.pem")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_an_export_holds_what_it_says(tmp_path: Path) -> None:
    made = govlab.export_engine("prod-safety", tmp_path / "e", log=LOG)
    assert sorted(content(tmp_path / "e")) == FILES
    assert (made.parity.events, made.parity.differences) == (3, 0)
    bundle = load_bundle("prod-safety")
    said = json.loads((tmp_path / "e" / MANIFEST).read_text())
    assert said["bundle"]["digest"] == bundle.digest == made.to_dict()["digest"]
    assert said["parity"] == {"events": 3, "differences": 0}
    assert verified_engine(tmp_path / "e").digest == bundle.digest


def test_equal_exports_have_equal_bytes(tmp_path: Path, key: Key) -> None:
    for name in "ab":
        export_engine("coding-agent", tmp_path / name, log=LOG, key=key)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_an_export_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    export_engine("coding-agent", tmp_path / "e")
    export_engine("prod-safety", tmp_path / "e")
    assert verified_engine(tmp_path / "e").digest == load_bundle("prod-safety").digest
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear")
    with pytest.raises(UsageError, match="is no export"):
        export_engine("prod-safety", tmp_path / "mine")
    assert content(tmp_path / "mine") == {"thesis.txt": b"dear"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e", "mine"]


def test_what_no_export_has_is_not_lost_with_it(tmp_path: Path) -> None:
    export_engine("coding-agent", tmp_path / "e")
    (tmp_path / "e" / "decisions").mkdir()
    before = sorted(path.name for path in (tmp_path / "e").iterdir())
    with pytest.raises(UsageError, match=r"holds `decisions`, which no export has"):
        export_engine("prod-safety", tmp_path / "e")
    assert sorted(path.name for path in (tmp_path / "e").iterdir()) == before


def test_an_export_is_replaced_from_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_engine("coding-agent", tmp_path / "e")
    monkeypatch.chdir(tmp_path / "e")
    export_engine("prod-safety", Path())
    assert verified_engine(tmp_path / "e").digest == load_bundle("prod-safety").digest


def wrong(source: str) -> Any:
    """The engine with another decision for production."""
    assert "'REQUIRE_APPROVAL'" in source
    return open_engine(source.replace("'REQUIRE_APPROVAL'", "'ALLOW'"))


def test_a_difference_leaves_nothing_and_is_shown_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making_module, "open_engine", wrong)
    with pytest.raises(ParityError) as caught:
        export_engine("prod-safety", tmp_path / "e", log=LOG)
    said = caught.value.said
    assert caught.value.exit_code == 1
    assert set(said["event"]) <= {"tool", "env", "action", "cost_micro_usd"}
    assert len(said["event"]) < len(LOG.columns) - 2
    assert said["fields"]["decision"] == {
        "replay": "REQUIRE_APPROVAL",
        "engine": "ALLOW_WITH_CONSTRAINTS",
    }
    assert list(tmp_path.iterdir()) == []


def test_without_a_log_the_vectors_find_the_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_engine("prod-safety", tmp_path / "e")
    before = content(tmp_path / "e")
    monkeypatch.setattr(making_module, "open_engine", wrong)
    with pytest.raises(ParityError, match="differs from replay"):
        export_engine("prod-safety", tmp_path / "e")
    assert content(tmp_path / "e") == before  # what was there is there


def test_vectors_are_the_cases_and_each_decision_of_the_log_once(tmp_path: Path) -> None:
    repeated = pl.concat([LOG] * 5)
    export_engine("prod-safety", tmp_path / "e", log=repeated)
    lines = (tmp_path / "e" / "vectors.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == len(set(lines))
    of_log = [one for one in found if one["source"] == "log"]
    assert 2 <= len(of_log) <= 3
    assert all("actor" not in one["event"] for one in of_log)  # what no rule reads
    assert sum(one["source"].startswith("case ") for one in found) > 10
    engine = open_engine(engine_source(load_bundle("prod-safety")))
    assert failing("\n".join(lines).encode(), engine) is None


def test_every_event_counts_and_most_says_how_many(tmp_path: Path) -> None:
    made = export_engine("prod-safety", tmp_path / "e", log=pl.concat([LOG] * 7), most=20)
    assert made.parity.events == 20
    assert sum(made.parity.by.values()) == 20


def test_unknown_and_malformed_cells_of_a_log(tmp_path: Path) -> None:
    rng = random.Random("parity")
    for number in range(6):
        bundle = bundle_of(generators.bundle(rng), tmp_path / str(number))
        frame = generators.frame_of(generators.rows(rng, 200), frozenset({"region"}))
        made = export_engine(bundle, tmp_path / f"e{number}", log=frame)
        assert (made.parity.events, made.parity.differences) == (200, 0)


HISTORY = {
    "name": "b",
    "history": {"seen": {"count": "true", "per": ["actor"], "within": "2d"}},
    "policies": [{"name": "p", "rules": [{"condition": "history.seen > 0", "decision": "DENY"}]}],
}


def test_a_bundle_with_history_is_given_its_features(tmp_path: Path) -> None:
    bundle = bundle_of(HISTORY, tmp_path / "b")
    log = LOG.with_columns(pl.lit("x").alias("actor"))
    made = export_engine(bundle, tmp_path / "e", log=log)
    assert (made.parity.events, made.parity.differences) == (3, 0)
    assert made.to_dict()["history"] == ["seen"]
    engine = verified_engine(tmp_path / "e")
    assert engine.decide({"actor": "x"}, history={"seen": 1}).decision == "DENY"
    assert engine.decide({"actor": "x"}).reason == "engine_error"  # it was not given: denied


def test_what_the_engine_remembers_is_compared_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = LOG.with_columns(pl.lit("x").alias("actor"))
    bundle = bundle_of(HISTORY, tmp_path / "b")

    def forgetful(source: str) -> Any:
        assert "within_us=172800000000" in source
        return open_engine(source.replace("within_us=172800000000", "within_us=1"))

    monkeypatch.setattr(making_module, "open_engine", forgetful)
    with pytest.raises(ParityError) as found:
        export_engine(bundle, tmp_path / "e", log=log)
    assert found.value.said["fields"] == {"history.seen": {"replay": 1, "engine": 0}}
    assert found.value.said["event"]["event_id"] == "b"


def test_generated_bundles_remember_as_replay_does(tmp_path: Path) -> None:
    compared = 0
    for seed in range(4):
        rng = random.Random(f"remembered {seed}")
        try:
            bundle = bundle_of(histories.bundle(rng), tmp_path / str(seed))
        except BundleError:  # what it made up does not check
            continue
        rows = histories.rows(rng, 150)
        frame = generators.frame_of(rows, frozenset())
        frame = frame.with_columns(
            pl.Series(name, [row.get(name) for row in rows], strict=False)
            for name in ("run_id", "step", "executed", "decision", "approval_status")
        )
        made = export_engine(bundle, tmp_path / f"e{seed}", log=frame)
        compared += made.parity.events
    assert compared >= 300


# -- checked before use ----------------------------------------------------------------------------


def test_unsigned_is_never_ok(tmp_path: Path, key: Key) -> None:
    export_engine("prod-safety", tmp_path / "e")
    assert verify(tmp_path / "e").status == "unsigned"
    assert verify(tmp_path / "e", key).status == "failed"
    with pytest.raises(UsageError, match="not signed"):
        verified_engine(tmp_path / "e", key)


def test_signed_is_ok_for_its_key_alone(tmp_path: Path, key: Key) -> None:
    export_engine("prod-safety", tmp_path / "e", key=key)
    assert verify(tmp_path / "e").status == "unchecked"
    assert verify(tmp_path / "e", Key(key.public)).status == "ok"
    (tmp_path / "other").write_bytes(new_key())
    assert verify(tmp_path / "e", read_key(tmp_path / "other")).status == "failed"
    with pytest.raises(UsageError, match="public key"):
        export_engine("prod-safety", tmp_path / "f", key=Key(key.public))


def test_the_envelope_is_dsse_and_in_toto(tmp_path: Path, key: Key) -> None:
    from base64 import b64decode  # noqa: PLC0415  # used here alone

    export_engine("prod-safety", tmp_path / "e", key=key)
    said = json.loads((tmp_path / "e" / SIGNATURE).read_text())
    payload = b64decode(said["payload"])
    kind = said["payloadType"].encode()
    encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    key.public.verify(b64decode(said["signatures"][0]["sig"]), encoded)
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    manifest = (tmp_path / "e" / MANIFEST).read_bytes()
    assert statement["subject"] == [
        {"name": MANIFEST, "digest": {"sha256": sha256(manifest).hexdigest()}}
    ]


@pytest.mark.parametrize("name", [*FILES, SIGNATURE])
def test_a_file_that_was_changed_is_found(name: str, tmp_path: Path, key: Key) -> None:
    export_engine("prod-safety", tmp_path / "e", key=key)
    file = tmp_path / "e" / name
    whole = file.read_bytes()
    for changed in (whole[:-2], whole + b"x", whole.replace(b"e", b"f", 1), b"", b"[" * 10**6):
        file.write_bytes(changed)
        assert verify(tmp_path / "e", key).status == "failed", changed[:20]
    file.unlink()
    if name == MANIFEST:
        with pytest.raises(UsageError, match="makes an export"):
            verify(tmp_path / "e", key)
    else:
        assert verify(tmp_path / "e", key).status == "failed"


@pytest.mark.parametrize("name", ["json.py", "__pycache__"])
def test_a_file_that_nobody_exported_is_found(name: str, tmp_path: Path) -> None:
    export_engine("prod-safety", tmp_path / "e")
    (tmp_path / "e" / name).mkdir()
    assert verify(tmp_path / "e").problems == (f"`{name}` is not in the manifest",)


def test_nothing_runs_of_what_was_changed(tmp_path: Path) -> None:
    export_engine("prod-safety", tmp_path / "e")
    marker = tmp_path / "ran"
    with (tmp_path / "e" / "engine.py").open("a") as file:
        file.write(f"\nopen({str(marker)!r}, 'w').close()\n")
    with pytest.raises(UsageError, match="was changed"):
        verified_engine(tmp_path / "e")
    assert not marker.exists()
    (tmp_path / "e" / "engine.py").unlink()
    (tmp_path / "e" / "engine.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(UsageError, match="no plain file"):
        verified_engine(tmp_path / "e")


@pytest.mark.parametrize("name", ["engine.py", "bundle.json", "vectors.jsonl"])
def test_a_file_that_a_manifest_does_not_name_is_missed(name: str, tmp_path: Path) -> None:
    export_engine("prod-safety", tmp_path / "e")
    (tmp_path / "e" / name).unlink()
    said = json.loads((tmp_path / "e" / MANIFEST).read_text())
    del said["files"][name]
    (tmp_path / "e" / MANIFEST).write_text(json.dumps(said))
    assert verify(tmp_path / "e").problems == (f"`{name}` is missing",)


def forged(folder: Path, name: str, text: bytes) -> None:
    """The export in `folder` with another text of a file, and a manifest to match."""
    (folder / name).write_bytes(text)
    said = json.loads((folder / MANIFEST).read_text())
    said["files"][name]["sha256"] = sha256(text).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(said))


@pytest.mark.parametrize("bundles", [b"3", b"null", b'[{"a":9007199254740999}]', b"[[]]"])
def test_a_bundle_that_is_none_is_a_problem(bundles: bytes, tmp_path: Path) -> None:
    export_engine("prod-safety", tmp_path / "e")
    forged(tmp_path / "e", "bundle.json", b'{"digest":"ab","bundles":%s}' % bundles)
    found = verify(tmp_path / "e")
    assert found.failed
    assert len(found.problems) == 1


@pytest.mark.parametrize("text", [b"def", b"\xff", b"import not_there", b"missing", b"'' + 1", b""])
def test_an_engine_that_does_not_load_is_refused(text: bytes, tmp_path: Path) -> None:
    export_engine("prod-safety", tmp_path / "e")
    forged(tmp_path / "e", "engine.py", text)
    with pytest.raises(UsageError, match=r"engine.py` does not load: .*; export the bundle again"):
        verified_engine(tmp_path / "e")
