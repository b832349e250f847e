"""What stops a request before it is dispatched: broken limits, and what cannot be told (S10)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.enforcing import checks
from govlab.enforcing.checks import stopped
from govlab.enforcing.redaction import MASK, redacted
from govlab.runtime.arguments import digest
from govlab.runtime.limits import breaks

INSIDE: dict[str, Any] = {"allow_paths": [["/srv/**"]], "deny_paths": ["/srv/secret/**"]}
EGRESS: dict[str, Any] = {"network_egress_allowlist": [["*.example.com"]]}


@given(st.dictionaries(st.sampled_from(["max_files", "max_records", "timeout_s"]),
                       st.integers(0, 3)), st.integers(0, 3) | st.none())  # fmt: skip
def test_what_is_not_known_to_hold_stops(limits: dict[str, int], files: int | None) -> None:
    event = {"files_changed": files}
    assert (stopped(limits, event) == ()) == (breaks(limits, event) is False)


def test_a_rate_is_the_stores_to_check() -> None:
    assert stopped({"rate": [{"n": 1, "per_s": 60}]}, {}) == ()


@pytest.mark.parametrize(
    ("arguments", "stops"),
    [
        ({"path": "/srv/a"}, ()),
        ({"path": "/srv/../etc/passwd"}, ("allow_paths",)),
        ({"path": "/srv/secret/a"}, ("deny_paths",)),
        ({"path": ["/srv/a", "/srv/secret/b"]}, ("deny_paths",)),
        ({"path": ["/srv/a", "/srv/b"]}, ()),
        ({"path": 3}, ("allow_paths", "deny_paths")),
        ({"path": [["/srv/a"]]}, ("allow_paths", "deny_paths")),
        ({"path": ""}, ("allow_paths", "deny_paths")),
        ({"path": None}, ()),
        ({}, ()),
    ],
)
def test_paths_in_arguments(arguments: dict[str, Any], stops: tuple[str, ...]) -> None:
    event = {"args": json.dumps(arguments), "resource": "/etc/passwd"}
    assert checks(paths=["path"])(INSIDE, event) == stops


@pytest.mark.parametrize("args", ["[]", "{", '{"path": "/srv/a", "path": "/etc/b"}', 3])
def test_arguments_that_cannot_be_read_go_nowhere(args: Any) -> None:
    assert checks(paths=["path"])(INSIDE, {"args": args}) == ("allow_paths", "deny_paths")


@pytest.mark.parametrize(
    ("url", "stops"),
    [
        ("https://api.example.com/x", ()),
        ("https://api.example.com@evil.org/", ("network_egress_allowlist",)),
        ("https://evil.org/?api.example.com", ("network_egress_allowlist",)),
        ("api.example.com", ("network_egress_allowlist",)),  # no URL: it does not say where
    ],
)
def test_hosts_in_arguments(url: str, stops: tuple[str, ...]) -> None:
    assert checks(urls=["url"])(EGRESS, {"args": json.dumps({"url": url})}) == stops


def test_other_limits_are_checked_as_ever() -> None:
    check = checks(paths=["path"])
    assert check({"max_files": 1, **EGRESS}, {"files_changed": 1, "resource": "x"}) == (
        "network_egress_allowlist",
    )


@pytest.mark.parametrize(
    ("args", "paths", "masked"),
    [
        ('{"a": 1}', [], '{"a": 1}'),
        ('{"a": 1, "b": 2}', ["args.a"], f'{{"a":"{MASK}","b":2}}'),
        ('{"a": {"b": 1, "c": 2}}', ["a.b"], f'{{"a":{{"b":"{MASK}","c":2}}}}'),
        ('{"a": [{"b": 1}, {"b": 2}]}', ["a.b"], f'{{"a":[{{"b":"{MASK}"}},{{"b":"{MASK}"}}]}}'),
        ('{"a": {"b": 1}}', ["a", "a.b"], f'{{"a":"{MASK}"}}'),
        ('{"a": 1}', ["x.y", "a.b"], '{"a":1}'),
        ("{", ["a"], MASK),
        ('{"a": 1, "a": 2}', ["b"], MASK),
    ],
)
def test_redaction(args: str, paths: list[str], masked: str) -> None:
    event = {"args": args, "tool": "t", "args_sha256": digest(args)}
    assert redacted(event, paths) == {"args": masked, "tool": "t", "args_sha256": digest(masked)}


def test_an_event_without_arguments_has_nothing_to_mask() -> None:
    assert redacted({"tool": "t"}, ["a"]) == {"tool": "t"}
