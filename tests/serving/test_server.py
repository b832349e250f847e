"""A real server: who may ask, how long a request may be and take, how it stops and changes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from govlab.audit.chain import judge
from govlab.audit.entries import decision_log, links_of_files
from govlab.cli.main import run
from tests.serving.running import Running, entries, make_bundle, question, serving

pytestmark = pytest.mark.slow

ALLOW, DENY = (f"name: all\nrules: [{{decision: {word}}}]" for word in ("ALLOW", "DENY"))
TOKEN = "a-token-that-nobody-guesses"  # noqa: S105  of a test


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    bundle = make_bundle(folder / "bundle", "name: test", ALLOW)
    with serving(bundle, folder / "log") as running:
        yield running


def raw(server: Running, text: bytes, wait_s: float = 5) -> bytes:
    """All that the server says to bytes, until it closes the connection or is silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait_s) as connection:
        said = b""
        try:
            connection.sendall(text)
            while part := connection.recv(65536):
                said += part
        except (TimeoutError, ConnectionError):
            pass
        return said


def test_a_page_on_the_web_is_not_this_machine(server: Running) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::2]"):
        assert server.evaluate(question(), Host=host).status == 403
    for host in ("localhost", f"127.0.0.1:{server.port}", "[::1]:1", "LOCALHOST:8", "127.0.0.2:9"):
        assert server.evaluate(question(), Host=host).status == 200
    assert b" 403 " in raw(server, b"GET /healthz HTTP/1.0\r\n\r\n")
    two = b"GET /healthz HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\n"
    assert b" 403 " in raw(server, two + b"connection: close\r\n\r\n")


def test_what_is_kept_is_its_owners_alone(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    with serving(bundle, tmp_path / "log") as running:
        assert running.evaluate(question()).status == 200
        kept = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "log").iterdir()}
    assert len(kept) >= 3
    assert set(kept.values()) == {0}


def test_what_is_told_of_itself(server: Running) -> None:
    assert server.get("/healthz").body == {"status": "ok"}
    assert server.get("/readyz").body == {"status": "ready"}
    found = server.get("/.well-known/authzen-configuration").body
    base = f"http://127.0.0.1:{server.port}"
    assert found == {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
    }
    assert server.get("/openapi.json").body["openapi"] == "3.1.0"


def test_metrics_are_what_prometheus_reads(server: Running) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    server.evaluate(question())
    text = server.get("/metrics").body
    families = {one.name: one for one in parser.text_string_to_metric_families(text)}
    decided = [s for s in families["govlab_decisions"].samples if s.labels["decision"] == "ALLOW"]
    assert decided[0].value >= 1
    assert families["govlab_request_seconds"].type == "histogram"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"POST /access/v1/evaluation HTTP/1.1\r\nhost: localhost\r\n"
         b"content-type: application/json\r\ncontent-length: 2000000\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 100_000, b"400"),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000, b"400"),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", b"400"),
        (b"POST /access/v1/evaluation HTTP/1.1\r\nhost: localhost\r\n"
         b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
         + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 20, b"413"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", b"400"),
    ],
)  # fmt: skip
def test_too_much_is_refused(server: Running, text: bytes, status: bytes) -> None:
    assert raw(server, text).startswith(b"HTTP/1.1 " + status)
    assert server.evaluate(question()).status == 200


def test_one_who_is_slow_is_let_go_and_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = tmp_path / "sitecustomize.py"  # ten seconds are too long for a test
    patience.write_text("import govlab.serving.limits as limits\nlimits.PATIENCE_S = 0.5\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    with serving(bundle, tmp_path / "log") as server:
        head = b"POST /access/v1/evaluation HTTP/1.1\r\nhost: localhost\r\n"
        slow = [b"", head, head + b"content-type: application/json\r\ncontent-length: 9\r\n\r\n{"]
        waiting = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in slow]
        for connection, text in zip(waiting, slow, strict=True):
            connection.sendall(text)
        assert server.evaluate(question()).status == 200
        for connection in waiting:
            assert connection.recv(100).startswith(b"HTTP/1.1 408")
            connection.close()


def test_connections_are_kept_and_requests_answered_in_order(server: Running) -> None:
    body = json.dumps(question()).encode()
    one = (b"POST /access/v1/evaluation HTTP/1.1\r\nhost: localhost\r\nx-request-id: p%d\r\n"
           b"content-type: application/json\r\ncontent-length: %d\r\n%s\r\n")  # fmt: skip
    last = b"connection: close\r\n"
    sent = [one % (n, len(body), last if n == 4 else b"") + body for n in range(5)]
    said = raw(server, b"".join(sent))
    places = [said.index(b"x-request-id: p%d" % n) for n in range(5)]
    assert places == sorted(places)


def test_others_need_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    tokens = tmp_path / "tokens"
    assert run(["serve", str(bundle), "--host", "0.0.0.0", "--log-dir", str(tmp_path / "l")]) == 2  # noqa: S104
    assert "give `--token-file FILE`" in capsys.readouterr().err
    tokens.write_text("short\n")
    assert run(["serve", str(bundle), "--token-file", str(tokens)]) == 2
    assert "at least 16 characters" in capsys.readouterr().err
    assert run(["serve", str(bundle), "--tls-cert", str(tokens)]) == 2
    assert not (tmp_path / "l").exists()
    tokens.write_text(f"{TOKEN}\n{TOKEN}-two\n")
    with serving(bundle, tmp_path / "log", "--token-file", str(tokens)) as server:
        for given in ("", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x"):
            answer = server.evaluate(question(), Authorization=given)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert server.get("/metrics", Authorization=given).status == 401
        for token in (TOKEN, f"{TOKEN}-two"):
            assert server.evaluate(question(), Authorization=f"Bearer {token}").status == 200
        assert server.get("/healthz").status == 200
        tokens.write_text(f"{TOKEN}-two\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("reloaded")
        assert server.evaluate(question(), Authorization=f"Bearer {TOKEN}").status == 401


def test_it_stops_when_everything_asked_is_answered(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    with serving(bundle, tmp_path / "log") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as slow:
            body = json.dumps(question()).encode()
            slow.sendall(b"POST /access/v1/evaluation HTTP/1.1\r\nhost: localhost\r\n"
                         b"content-type: application/json\r\ncontent-length: %d\r\n\r\n"
                         % len(body) + body[:5])  # fmt: skip
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            slow.sendall(body[5:])
            assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        assert server.process.wait(60) == 0
        server.wait_for("stopped; the decision log has 1 entries")
    assert len(entries(tmp_path / "log")) == 1


def test_a_signal_changes_what_decides_and_back(tmp_path: Path) -> None:
    versions = [
        make_bundle(tmp_path / word, "name: test", rules)
        for word, rules in (("one", ALLOW), ("two", DENY))
    ]
    current = tmp_path / "current"
    current.symlink_to(versions[0])
    with serving(current, tmp_path / "log") as server:
        for version, decision in ((1, False), (0, True)):
            (tmp_path / "next").symlink_to(versions[version])
            (tmp_path / "next").replace(current)
            server.lines.clear()
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("reloaded: test")
            assert server.evaluate(question()).body["decision"] is decision
        (versions[0] / "policies" / "all.yaml").write_text("rules: [{condition: nonsense}]")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("not reloaded")
        server.wait_for("nonsense")  # on a line of its own, which may come later
        assert server.evaluate(question()).body["decision"] is True
        text = server.get("/metrics").body
    assert 'govlab_reloads_total{result="done"} 2' in text
    assert 'govlab_reloads_total{result="refused"} 1' in text
    digests = [entry["policy_digest"] for entry in entries(tmp_path / "log")]
    assert digests[0] != digests[1] == digests[1]
    assert digests[1:] == [digests[2]] * 2


def test_files_are_watched(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    with serving(bundle, tmp_path / "log", "--watch") as server:
        assert server.evaluate(question()).body["decision"] is True
        (bundle / "policies" / "all.yaml").write_text(DENY)
        server.wait_for("reloaded: test")
        assert server.evaluate(question()).body["decision"] is False


def test_what_cannot_be_served_is_refused_before_it_listens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = make_bundle(tmp_path / "bundle", "name: h", "name: a\nrules: [{condition: nonsense}]")
    assert run(["serve", str(bundle), "--log-dir", str(tmp_path / "log")]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert run(["serve", "no-such-bundle", "--log-dir", str(tmp_path / "log")]) == 2
    assert not (tmp_path / "log").exists()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_it_speaks_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True,
    )  # fmt: skip
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    given = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with serving(bundle, tmp_path / "log", *given) as server:
        server.wait_for("serving https://")
        context = ssl.create_default_context(cafile=str(certificate))
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(
                b"GET /.well-known/authzen-configuration HTTP/1.1\r\nhost: localhost\r\n"
                b"connection: close\r\n\r\n"
            )
            said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"policy_decision_point":"https://localhost"' in said


def test_nothing_it_was_asked_is_missing_from_its_log(server: Running) -> None:
    for _ in range(12):
        server.evaluate(question())
    log = Path(server.process.args[server.process.args.index("--log-dir") + 1])  # type: ignore[index, union-attr]
    found = judge(links_of_files(decision_log(log)))
    assert found.status == "unanchored"
    assert found.records > 10


def test_a_signal_that_comes_while_it_starts_is_heard(tmp_path: Path) -> None:
    """Sent at once when the server says where it is: whether its loop runs by then is chance."""
    bundle = make_bundle(tmp_path / "bundle", "name: test", ALLOW)
    for number in range(3):
        with serving(bundle, tmp_path / f"log-{number}") as server:
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("reloaded: test")
            assert server.evaluate(question()).body["decision"] is True
