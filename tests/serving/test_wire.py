"""What is refused before anything is decided, with what is wrong; what is ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.inside import Inside, of_rules
from tests.serving.running import entries, question

ALLOW = "name: all\nrules: [{decision: ALLOW}]"
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "no json": (b"{'a': 1}", "is not JSON: line 1, column 2"),
    "a list": (b"[]", "is not a JSON object"),
    "a key twice": (b'{"subject": 1, "subject": 2}', "a key twice"),
    "a key twice inside": (b'{"context": {"a": {"b": 1, "b": 2}}}', "a key twice"),
    "NaN": (b'{"a": NaN}', "may hold"),
    "half a pair": (b'{"a": "\\ud800"}', "may hold"),
    "no UTF-8": (b'{"a": "\xff"}', "is not UTF-8"),
    "deep": (b'{"a":' * 70 + b"1" + b"}" * 70, "nested at most 64 deep"),
    "deeper": (b"[" * 100_000, "nested at most 64 deep"),
    "a huge number": (b'{"a": ' + b"9" * 5000 + b"}", "may hold"),
}


@pytest.fixture
def asked(tmp_path: Path) -> Inside:
    return of_rules(tmp_path, ALLOW)


@pytest.mark.parametrize("name", BAD)
def test_json_that_may_be_read_in_two_ways_is_refused(asked: Inside, name: str) -> None:
    body, said = BAD[name]
    for path in ("evaluation", "evaluations", "search/resource"):
        answer = asked.ask("POST", f"/access/v1/{path}", body)
        assert answer.status == 400
        assert said in answer.body["error"]["message"]
    assert asked.journal.head.size == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": None}, "`subject` is missing"),
        ({"subject": "ann"}, "`subject` is not an object"),
        ({"subject": {"id": "ann"}}, "`subject.type` is missing"),
        ({"subject": {"type": "user", "id": 7}}, "`subject.id` is not text"),
        ({"subject": {"type": "user", "id": ""}}, "`subject.id` is empty"),
        ({"subject": {"type": "u", "id": "a", "properties": []}}, "`subject.properties`"),
        ({"action": {}}, "`action.name` is missing"),
        ({"action": {"name": ["pay"]}}, "`action.name` is not text"),
        ({"resource": {"type": "account"}}, "`resource.id` is missing"),
        ({"context": [1]}, "`context` is not an object"),
        ({"context": {"approval": "yes"}}, "`context.approval` is not an object"),
        ({"context": {"approval": {"status": "fine"}}}, "`status` is `fine`; it is one of"),
        ({"context": {"approval": {"votes": [{"approver": 1}]}}}, "`votes`"),
    ],
)
def test_a_member_that_is_wrong_is_named(asked: Inside, change: Any, said: str) -> None:
    answer = asked.evaluate(question(**change))
    assert answer.status == 400
    assert said in answer.body["error"]["message"]
    assert asked.journal.head.size == 0


def test_what_is_not_asked_for_is_no_json_request(asked: Inside) -> None:
    path = "/access/v1/evaluation"
    assert asked.ask("POST", path, question(), {"content-type": "text/plain"}).status == 400
    assert asked.ask("GET", path).status == 405
    assert asked.ask("GET", path).headers["allow"] == "POST"
    assert asked.ask("POST", "/access/v1/other", question()).status == 404
    assert asked.ask("POST", "/govlab/v1/events/x/decided", {}).status == 404
    assert asked.ask("POST", path, b" " * (2 << 20)).status == 413
    charset = {"content-type": "application/JSON; charset=utf-8"}
    assert asked.ask("POST", path, question(), charset).status == 200


def test_ids_are_echoed_and_never_two_events_have_one(asked: Inside) -> None:
    first = asked.evaluate(question(), X_Request_ID="a b")
    assert first.status == 400
    assert "x-request-id" not in first.headers
    names = [asked.evaluate(question(), X_Request_ID="r").body["context"]["event_id"] for _ in "ab"]
    assert names == ["r", "r~1"]
    batch = {**question(), "evaluations": [{}, {}], "options": {"item_context": True}}
    for wanted in ("q", "q~4"):
        answer = asked.batch(batch, X_Request_ID="q")
        assert answer.headers["x-request-id"] == "q"
        items = answer.body["evaluations"]
        assert [one["context"]["event_id"] for one in items] == [f"{wanted}/0", f"{wanted}/1"]
    assert asked.evaluate(question()).body["context"]["event_id"] == "made-0"
    ids = [entry["event_id"] for entry in entries(asked.journal.folder)]
    assert len(ids) == len(set(ids)) == 7


def test_unknown_members_are_ignored(asked: Inside) -> None:
    answer = asked.evaluate({**question(), "whatever": {"a": 1}})
    assert answer.body["decision"] is True
