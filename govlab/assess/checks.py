"""What checks made apart found of a log: its chain, and decisions replayed under their snapshots.

They are of the whole log, whatever period a scorecard is of, and only read here: nothing is hashed
or replayed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from govlab.audit.state import RESULT, ChainState, chain_state
from govlab.fidelity import Fidelity, check_fidelity
from govlab.kpi.model import Value
from govlab.registry import Registry

__all__ = ["Checks", "checks_of"]


@dataclass(frozen=True, slots=True)
class Checks:
    """The stored results that were found; None where nobody has checked yet."""

    chain: ChainState | None = None
    fidelity: Fidelity | None = None

    def values(self) -> Mapping[str, Value]:
        """The values by the name that figures read (`Stored`)."""
        found = {} if self.chain is None else self.chain.values()
        return found if self.fidelity is None else {**found, "fidelity": self.fidelity.value()}

    def to_dict(self, as_of: datetime | None) -> dict[str, Any]:
        """How old each is, in whole seconds of the log: up to `as_of`, or to its newest action.

        A check that was made later than that is of age 0; `log_changed` says that the log was
        written anew since.
        """
        return {**_chain(self.chain, as_of), **_fidelity(self.fidelity)}


def _chain(found: ChainState | None, as_of: datetime | None) -> dict[str, Any]:
    if found is None:
        return {}
    age = None if as_of is None else max(int(found.age(as_of).total_seconds()), 0)
    return {
        RESULT: {
            "of": "the whole log",
            "status": found.status,
            "checked_at": found.checked_at.isoformat(),
            "log_changed": not found.fresh,
            **({} if age is None else {"age_s": age}),
        }
    }


def _fidelity(found: Fidelity | None) -> dict[str, Any]:
    if found is None or found.through is None:
        return {}
    return {
        "fidelity": {
            "of": "the whole log",
            "through": found.through.isoformat(),
            "age_s": found.behind_s,
            "not_yet_checked": found.unchecked,
        }
    }


def checks_of(log: Path | None, folder: Path | None, registry: Registry | None) -> Checks:
    """What is stored of `log`, the path it was given as, which is kept in `folder`.

    A log that is no file has none; decisions are checked under the snapshots of `registry`. Raises
    UsageError where a stored result is damaged, RegistryError where a snapshot was changed.
    """
    chain = chain_state(log) if log is not None and log.exists() else None
    if folder is None or registry is None:
        return Checks(chain)
    return Checks(chain, check_fidelity(folder, registry, read_only=True))
