"""Signed notes: read back as they were signed, by that key alone, and refused once changed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from govlab.audit.checkpoint import Checkpoint, read_checkpoints, signed
from govlab.errors import UsageError
from govlab.keys import Key, new_key, read_key

NOTES = [Checkpoint(None, 3, bytes(32), bytes([1]) * 32),
         Checkpoint("a/b c\n", 7, bytes([2]) * 32, bytes([3]) * 32)]  # fmt: skip


@pytest.fixture
def key(tmp_path: Path) -> Key:
    (tmp_path / "k.pem").write_bytes(new_key())
    return read_key(tmp_path / "k.pem")


@pytest.fixture
def kept(tmp_path: Path, key: Key) -> Path:
    path = tmp_path / "kept.txt"
    path.write_text(signed(NOTES, key), encoding="utf-8")
    return path


def test_notes_are_read_as_they_were_signed(kept: Path, key: Key) -> None:
    assert read_checkpoints(kept, key) == NOTES


def test_a_note_is_a_c2sp_signed_note(kept: Path, key: Key) -> None:
    body, signature = kept.read_text(encoding="utf-8").split("\n\n")[:2]
    origin, size, root = (body + "\n").split("\n")[:3]
    assert (origin, size, len(base64.b64decode(root))) == ("govlab", "3", 32)
    dash, name, blob = signature.split(" ")
    assert (dash, name) == ("\N{EM DASH}", "govlab")
    raw = base64.b64decode(blob)
    assert raw[:4] == key.id()
    Ed25519PublicKey.from_public_bytes(key.raw()).verify(raw[4:], (body + "\n").encode())


@pytest.mark.parametrize("form", ["pem", "verifier"])
def test_the_public_half_verifies_and_cannot_sign(
    kept: Path, key: Key, tmp_path: Path, form: str
) -> None:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public.public_bytes(serialization.Encoding.PEM, spki)
    (tmp_path / "p").write_bytes(pem if form == "pem" else key.verifier().encode())
    public = read_key(tmp_path / "p")
    assert read_checkpoints(kept, public) == NOTES
    with pytest.raises(UsageError, match="signing needs the private"):
        signed(NOTES, public)


@pytest.mark.parametrize(
    ("old", "new"), [("\n3\n", "\n4\n"), ("head AQ", "head AA"), ("govlab/", "govlab/x")]
)
def test_a_changed_note_is_refused(kept: Path, key: Key, old: str, new: str) -> None:
    kept.write_text(kept.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError, match="not signed by this key, or was changed"):
        read_checkpoints(kept, key)


def test_another_key_is_refused(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(new_key())
    with pytest.raises(UsageError, match="not signed by this key"):
        read_checkpoints(kept, read_key(tmp_path / "other"))


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PRIVATE KEY-----\nx\n", "a+b+!!"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no Ed25519 key"):
        read_key(tmp_path / "k")


@pytest.mark.parametrize("text", ["", "hello\n", "a\n\nb\n\nc\n"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, key: Key, text: str) -> None:
    (tmp_path / "c").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no checkpoint"):
        read_checkpoints(tmp_path / "c", key)
