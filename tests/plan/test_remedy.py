"""What several remedies agree on (S6)."""

from __future__ import annotations

from typing import Any

import pytest

from govlab.plan.remedy import agreed


@pytest.mark.parametrize(
    ("parts", "together"),
    [
        ([{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
        ([{"a": 1}, {"a": 1}], {"a": 1}),
        ([{"a": 1}, {"a": 2}], None),
        ([{"a": 1}, {"a": 1.0}], None),
        ([{"a": 1}, {"a": True}], None),
        ([], {}),
    ],
)
def test_agreed(parts: list[dict[str, Any]], together: dict[str, Any] | None) -> None:
    assert agreed(parts) == together
