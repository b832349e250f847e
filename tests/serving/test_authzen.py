"""The published AuthZEN decisions over HTTP; the rules are bundles with look-ups, without ids."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.serving.running import make_bundle, serving

ROLES = {  # by the first bytes of an id, as the files' README tells them
    "fd06": ("rick@the-citadel.com", "admin;evil_genius"),
    "fd36": ("beth@the-smiths.com", "viewer"),
    "fd16": ("morty@the-citadel.com", "editor"),
    "fd26": ("summer@the-smiths.com", "editor"),
    "fd46": ("jerry@the-smiths.com", "viewer"),
}
TODO = """
name: todo
attributes: {object.ownerID: string}
lookups:
  user:
    {table: data/users.csv, key: id, on: principal, columns: {email: string, roles: list(string)}}
"""
TODO_RULES = """
name: reading
on: [{action: [can_read_user, can_read_todos]}]
rules: [{condition: "has(user.email)", decision: ALLOW}]
---
name: creating
on: [{action: can_create_todo}]
rules: [{condition: "user.roles.exists(r, r in ['admin', 'editor'])", decision: ALLOW}]
---
name: updating
on: [{action: can_update_todo}]
rules:
  - {condition: "'evil_genius' in user.roles", decision: ALLOW}
  - {condition: "'editor' in user.roles && object.ownerID == user.email", decision: ALLOW}
---
name: deleting
on: [{action: can_delete_todo}]
rules:
  - {condition: "'admin' in user.roles", decision: ALLOW}
  - {condition: "'editor' in user.roles && object.ownerID == user.email", decision: ALLOW}
"""
GATEWAY_RULES = """
name: reading
on: [{action: GET}]
rules:
  - {condition: "resource in ['/todos', '/users/{userId}'] && has(user.email)", decision: ALLOW}
---
name: changing
on: [{action: [POST, PUT, DELETE]}]
rules:
  - condition: "resource.startsWith('/todos') && user.roles.exists(r, r in ['admin', 'editor'])"
    decision: ALLOW
"""
RECORDS = """
name: records
lookups:
  user:
    {table: data/users.csv, key: id, on: principal, columns: {role: string, department: string}}
  record:
    table: data/records.csv
    key: id
    on: resource
    entity: record
    columns: {owner: string, department: string}
"""
RECORD_RULES = """
name: view
on: [{action: view}]
rules:
  - {condition: "user.role == 'manager' || record.owner == principal", decision: ALLOW}
  - {condition: "record.department == user.department", decision: ALLOW}
---
name: edit
on: [{action: edit}]
rules:
  - {condition: "record.owner == principal", decision: ALLOW}
  - {condition: "user.role == 'manager' && record.department == user.department", decision: ALLOW}
---
name: delete
on: [{action: delete}]
rules: [{condition: "record.owner == principal", decision: ALLOW}]
"""


def cases(shared: Path, name: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = json.loads((shared / "vectors" / "authzen" / name).read_text())
    cases: list[dict[str, Any]] = found["evaluation"]
    return cases


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def users(given: Sequence[dict[str, Any]]) -> str:
    ids = sorted({case["request"]["subject"]["id"] for case in given})
    names = [base64.b64decode(f"{name}==")[2:6].decode() for name in ids]
    rows = [(i, *ROLES[name]) for i, name in zip(ids, names, strict=True)]
    return table(("id", "email", "roles"), rows)


@pytest.mark.parametrize(
    ("name", "rules", "count"),
    [("todo-1_0-01.json", TODO_RULES, 40), ("api-gateways.json", GATEWAY_RULES, 25)],
)
def test_evaluations_are_decided_as_published(
    shared: Path, tmp_path: Path, name: str, rules: str, count: int
) -> None:
    given = cases(shared, name)
    bundle = make_bundle(tmp_path / "bundle", TODO, rules, users=users(given))
    with serving(bundle, tmp_path / "log") as server:
        found = [server.evaluate(case["request"]) for case in given]
        batch = server.post(
            "/access/v1/evaluations", {"evaluations": [case["request"] for case in given]}
        )
    wanted = [case["expected"] for case in given]
    assert [answer.body["decision"] for answer in found] == wanted
    assert batch.body == {"evaluations": [{"decision": each} for each in wanted]}
    assert len(found) == count


def test_searches_find_what_is_published(shared: Path, tmp_path: Path) -> None:
    given = cases(shared, "search-resource.json")
    folder = shared / "vectors" / "authzen"
    people, records = (json.loads((folder / f"{n}.json").read_text()) for n in ("users", "records"))
    bundle = make_bundle(
        tmp_path / "bundle", RECORDS, RECORD_RULES,
        users=table(("id", "role", "department"), [
            (p["id"], p["role"], p["department"]) for p in people
        ]),
        records=table(("id", "owner", "department"), [
            (r["id"], r["owner"], r["department"]) for r in records
        ]),
    )  # fmt: skip
    with serving(bundle, tmp_path / "log") as server:
        found = [server.post("/access/v1/search/resource", case["request"]) for case in given]
        configured = server.get("/.well-known/authzen-configuration").body
        first = given[0]["request"]
        page = server.post("/access/v1/search/resource", {**first, "page": {"limit": 8}}).body
        rest = server.post(
            "/access/v1/search/resource",
            {**first, "page": {"token": page["page"]["next_token"]}},
        ).body
        stale = server.post("/access/v1/search/resource", {**first, "page": {"token": "ab.8"}})
        nothing = server.post(
            "/access/v1/search/resource", {**first, "resource": {"type": "planet"}}
        )
    assert [answer.body for answer in found] == [case["expected"] for case in given]
    assert len(found) == 18
    assert configured["search_resource_endpoint"].endswith("/access/v1/search/resource")
    assert [*page["results"], *rest["results"]] == given[0]["expected"]["results"]
    assert page["page"]["count"] == 8
    assert rest["page"]["next_token"] == ""
    assert stale.status == 400
    assert nothing.body == {"results": []}
