"""What decides is an export, verified before it runs, or a bundle exported in memory."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from govlab.bundle import load_bundle
from govlab.errors import UsageError
from govlab.exporting import export_engine
from govlab.keys import new_key, read_key
from govlab.serving.ruling import of_bundle, read_ruling
from tests.serving.running import entries, make_bundle, question, serving

MANIFEST = """
name: test
version: 1.2.3
attributes: {object.owner: string}
lookups:
  book: {table: data/accounts.csv, key: id, on: resource, entity: account, columns: {owner: string}}
"""
RULES = "name: own\nrules: [{condition: 'book.owner == principal', decision: ALLOW}]"


def exported(folder: Path, rules: str = RULES, key: Path | None = None) -> Path:
    bundle = make_bundle(folder / "bundle", MANIFEST, rules, accounts="id,owner\na1,ann\na2,bob\n")
    return export_engine(bundle, folder / "engine", key=key).folder


def test_an_export_decides_as_its_bundle_does(tmp_path: Path) -> None:
    of_export = read_ruling(exported(tmp_path))
    bundle = of_bundle(load_bundle(tmp_path / "bundle"))
    for one in (of_export, bundle):
        assert (one.name, one.version, one.digest) == ("test", "1.2.3", bundle.digest)
        assert one.declared == {"object.owner"}
        assert one.entities == {"account": ("a1", "a2")}
        decisions = [one.decide({"principal": "ann", "resource": r}) for r in ("a1", "a2", "a3")]
        assert [each.decision for each in decisions] == ["ALLOW", "DENY", "DENY"]


def test_what_was_changed_never_runs(tmp_path: Path) -> None:
    folder, ran = exported(tmp_path), tmp_path / "ran"
    engine = folder / "engine.py"
    engine.write_text(f"{engine.read_text()}\nopen({str(ran)!r}, 'w')\n")
    with pytest.raises(UsageError, match=r"`engine.py` was changed"):
        read_ruling(folder)
    assert not ran.exists()


def test_a_key_lets_nothing_unsigned_decide(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    paths = [tmp_path / "one.pem", tmp_path / "two.pem"]
    for path in paths:
        path.write_bytes(new_key())
    one, two = map(read_key, paths)
    signed = exported(tmp_path / "signed", key=paths[0])
    assert read_ruling(signed, one).name == "test"
    with pytest.raises(UsageError, match="not this key's signature"):
        read_ruling(signed, two)
    with pytest.raises(UsageError, match="it is not signed"):
        read_ruling(exported(tmp_path / "unsigned"), one)
    with pytest.raises(UsageError, match="a bundle, which nobody signs"):
        read_ruling(tmp_path / "signed" / "bundle", one)


@pytest.mark.slow
def test_a_server_takes_a_new_export_and_keeps_the_old_one_from_a_false_one(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    with serving(folder, tmp_path / "log") as server:
        assert server.evaluate(question()).body["decision"] is True
        exported(tmp_path, "name: no\nrules: [{decision: DENY}]")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("reloaded: test 1.2.3")
        assert server.evaluate(question()).body["decision"] is False
        engine = folder / "engine.py"
        engine.write_text(engine.read_text().replace("DENY", "ALLOW"))
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("was changed: its SHA-256 is not that of the manifest")
        assert server.evaluate(question()).body["decision"] is False
    digests = [entry["policy_digest"] for entry in entries(tmp_path / "log")]
    assert digests[0] != digests[1] == digests[2]
