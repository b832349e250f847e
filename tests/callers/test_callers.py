"""The examples of callers do what they say: as processes, against real servers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from govlab.exporting import export_engine
from tests.log.fixtures import column, log_of
from tests.serving.running import entries, serving

CALLERS = Path(__file__).parents[2] / "notebooks" / "callers"
SERVER = Path(__file__).with_name("mcp_server.py")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_engine(CALLERS / "gate.yaml", tmp_path_factory.mktemp("gate") / "engine").folder


def test_a_governed_function(engine: Path) -> None:
    command = [sys.executable, str(CALLERS / "governed_function.py"), str(engine)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "deleted /srv/a.txt",
        "/etc/passwd: denied by rule `system`: system files stay as they are",
        "/srv/keep/2025.csv: held: rule `archive` asks for an approval",
        "/home/kim/a.txt: denied by the default: no_rule",
    ]


def _request(id_: Any, method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})


def _call(id_: Any, tool: str, path: str) -> str:
    return _request(id_, "tools/call", name=tool, arguments={"path": path})


def test_an_mcp_proxy_decides_calls_and_passes_the_rest(engine: Path) -> None:
    lines = [
        _request(0, "initialize"),
        '{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        _request("a", "tools/list"),
        _call(1, "read_file", "/srv/a"),
        _call(2, "read_file", "/etc/passwd"),
        _call(3, "delete_file", "/srv/keep/b"),
        _call(4, "read_file", "/srv/b").replace('"path"', '"path": "/srv/c", "path"'),
        _request(5, "tools/call", arguments={}),
        "[]",
    ]
    command = [
        sys.executable,
        str(CALLERS / "mcp_proxy.py"),
        str(engine),
        sys.executable,
        str(SERVER),
    ]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True,
                          check=True, timeout=60)  # fmt: skip
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(said) == 8
    results = {each["id"]: each["result"] for each in said if "result" in each}
    assert results.keys() == {0, "a", 1}
    assert results[1]["content"][0]["text"] == "read_file /srv/a"
    errors = [(each["id"], each["error"]["code"]) for each in said if "error" in each]
    assert sorted(errors, key=str) == [
        (2, -32001), (3, -32001), (5, -32602), (None, -32700), (None, -32700),
    ]  # fmt: skip
    held = next(each for each in said if each["id"] == 3)["error"]["message"]
    assert held.startswith("held: rule `archive` asks for an approval")


def test_a_server_that_ends_leaves_no_client_waiting(engine: Path) -> None:
    ends = "import sys; sys.stdin.readline()"
    proxy = [sys.executable, str(CALLERS / "mcp_proxy.py"), str(engine)]
    command = [*proxy, sys.executable, "-c", ends]
    done = subprocess.run(command, input=_call(1, "read_file", "/srv/a") + "\n", text=True,
                          capture_output=True, check=False, timeout=60)  # fmt: skip
    said = json.loads(done.stdout)
    assert (said["id"], said["error"]["code"]) == (1, -32603)


def test_a_client_without_dependencies_asks_and_reports(engine: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here to run the client of JavaScript")
    script = str(CALLERS / "authzen_client.mjs")
    with serving(engine, tmp_path / "log") as running:
        command = [node, script, f"http://127.0.0.1:{running.port}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        running.stop()
    assert done.stdout.splitlines() == [
        "deleted /srv/a.txt",
        "/etc/passwd: denied: system files stay as they are",
        "/srv/keep/2025.csv: denied: approval_required",
    ]
    types = [entry["type"] for entry in entries(tmp_path / "log")]
    assert sorted(types) == ["decided", "decided", "decided", "ended", "started"]
    _, rows = log_of(tmp_path / "log", out=tmp_path / "ingested")
    assert column(rows, "actor") == ["tidy-bot"] * 3
    assert sorted(column(rows, "executed"), key=str) == [None, None, True]
    gone = subprocess.run(command, capture_output=True, text=True, check=True)
    assert gone.stdout.count("denied: unreachable") == 3
