"""What was checked, day by day, is what the whole check counted."""

from __future__ import annotations

import shutil
from pathlib import Path

from govlab.fidelity import check_fidelity
from govlab.fidelity.days import checked_days
from govlab.registry import Registry
from tests.registry.conftest import LOG, acme

__all__ = ["acme"]


def test_days_add_up_to_the_check(acme: Registry, tmp_path: Path) -> None:
    log = tmp_path / "log"
    shutil.copytree(LOG, log)
    assert checked_days(log, acme).height == 0
    whole = check_fidelity(log, acme)
    days = checked_days(log, acme)
    assert (days["same"].sum(), days["differs"].sum()) == (
        whole.compared - whole.differs, whole.differs,
    )  # fmt: skip
    assert days["at"].dt.date().n_unique() == 42
