"""What stands between a decision and a tool: budgets reserved, approvals consumed, calls guarded.

`stores` keep what earlier events add up to, in memory or in SQLite, and decide and reserve in one
transaction. `guards` wrap one call of a tool; `decorator` wraps a Python function. Standard
library only, with any engine: that of a bundle, or the module of an exported one.

>>> from govlab.backends.scalar.live import compile_live
>>> from govlab.bundle import load_rule
>>> from govlab.plan import compile_plan
>>> engine = compile_live(compile_plan(load_rule("args.path.startsWith('/etc')")))
>>> @governed(engine, tool="Delete")
... def delete(path: str) -> str:
...     return f"deleted {path}"
>>> delete("/srv/x")
'deleted /srv/x'
>>> delete("/etc/passwd")
Traceback (most recent call last):
govlab.enforcing.guards.DeniedError: denied by rule `one-rule`
"""

from govlab.enforcing.checks import checks
from govlab.enforcing.decorator import governed
from govlab.enforcing.guards import DeniedError, Guard, HeldError
from govlab.enforcing.meters import Breach, Meter, OverrunError, spend
from govlab.enforcing.reservations import Reservation
from govlab.enforcing.stores import Store, StoreError

__all__ = [
    "Breach",
    "DeniedError",
    "Guard",
    "HeldError",
    "Meter",
    "OverrunError",
    "Reservation",
    "Store",
    "StoreError",
    "checks",
    "governed",
    "spend",
]
