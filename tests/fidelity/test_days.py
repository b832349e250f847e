"""What was checked, day by day, is what the whole check counted."""

from __future__ import annotations

from govlab.fidelity import Fidelity
from govlab.fidelity.days import checked_days
from govlab.registry import Registry
from tests.registry.conftest import LOG, acme

__all__ = ["acme"]


def test_days_add_up_to_the_check(acme: Registry, compared: tuple[Registry, Fidelity]) -> None:
    assert checked_days(LOG, acme).height == 0
    registry, whole = compared
    days = checked_days(LOG, registry)
    assert (days["same"].sum(), days["differs"].sum()) == (
        whole.compared - whole.differs, whole.differs,
    )  # fmt: skip
    assert days["at"].dt.date().n_unique() == 42
