"""What of a request breaks a constraint before dispatch (S10): broken, kept, or not to be told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.runtime.limits import breaks

ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
LIMITS: dict[str, Any] = {
    "read_only": True,
    "max_files": 3,
    "max_lines_changed": 3,
    "max_records": 3,
    "max_retries": 1,
    "allow_tools": ["t"],
    "allow_envs": ["dev"],
    "allow_paths": [["/srv/**"]],
    "deny_paths": ["/etc/*"],
    "network_egress_allowlist": [["*.example.com", "10.0.0.0/8"]],
    "rate": [{"n": 1, "per_s": 60}],
}


@pytest.mark.parametrize(
    ("name", "event", "broken"),
    [
        ("read_only", {"destructive": True}, True),
        ("read_only", {"read_only": False}, True),
        ("read_only", {"read_only": True}, False),
        ("read_only", {}, None),
        ("max_files", {"files_changed": 4}, True),
        ("max_files", {"files_changed": 3}, False),
        ("max_files", {"files_changed": "many"}, None),
        ("max_files", {"files_changed": True}, None),
        ("max_retries", {"attempt": 2}, False),
        ("max_retries", {"attempt": 3}, True),
        ("allow_tools", {"tool": "t"}, False),
        ("allow_tools", {"tool": "T"}, True),
        ("allow_tools", {"tool": ["t"]}, None),
        ("allow_paths", {"resource": "/srv/a/../b"}, False),
        ("allow_paths", {"resource": "/srv/../etc/passwd"}, True),
        # what can be read in two ways is none that is allowed: the guard before dispatch stops it
        ("allow_paths", {"resource": "/srv/a\0"}, True),
        ("deny_paths", {"resource": "a\\..\\etc"}, True),
        ("deny_paths", {"resource": "/etc/passwd"}, True),
        ("deny_paths", {"resource": "//etc/passwd"}, True),
        ("deny_paths", {"resource": "/etc/ssh/keys"}, False),
        ("network_egress_allowlist", {"resource": "https://api.example.com/x"}, False),
        ("network_egress_allowlist", {"resource": "https://example.com.evil.org/"}, True),
        ("network_egress_allowlist", {"resource": "http://10.1.2.3:80"}, False),
        ("network_egress_allowlist", {"resource": "http://11.1.2.3"}, True),
        ("network_egress_allowlist", {"resource": "http://[::1"}, True),
        ("network_egress_allowlist", {"resource": "db/orders"}, None),
        ("network_egress_allowlist", {"resource": 5}, None),
        ("rate", {}, None),
    ],
)
def test_breaks(name: str, event: dict[str, Any], broken: bool | None) -> None:
    assert breaks({name: LIMITS[name]}, event) is broken


def test_one_broken_limit_is_enough_and_one_untold_leaves_it_open() -> None:
    limits = {"max_files": 3, "max_records": 3}
    assert breaks(limits, {"files_changed": 4}) is True
    assert breaks(limits, {"files_changed": 2}) is None
    assert breaks({"max_cost_micro_usd": 1}, {}) is False, "checked on what happened"


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "resource",
                "tool",
                "env",
                "attempt",
                "files_changed",
                "read_only",
                "destructive",
                "records_affected",
                "lines_changed",
            ]
        ),
        ODD,
    )
)
def test_no_event_escapes(event: dict[str, Any]) -> None:
    assert breaks(LIMITS, event) in (True, False, None)
