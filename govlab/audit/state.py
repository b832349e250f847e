"""The result of a verification, stored beside the log, for scorecards to read (S17, S23)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from govlab.audit.chain import Status, Verification
from govlab.audit.checkpoint import Checkpoint
from govlab.errors import UsageError
from govlab.kpi.model import Value
from govlab.log.citation import cite
from govlab.placing import place_bytes

__all__ = ["RESULT", "SIGNED", "STATE", "ChainState", "chain_state", "remember", "store"]

STATE = "CHAIN.json"
"""The name of the file."""
RESULT = "chain_verified"
"""The name of the result that figures read (`Stored`)."""
SIGNED = "chain_anchored"
"""The name of how much of it a signed checkpoint covers."""

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ChainState:
    """What the last verification found, when, and of which log.

    `fresh` is false where the log was written anew since. `chains` are tenant, size and the hash
    of the last record (hex) of each chain that was whole.
    """

    status: Status
    checked_at: datetime
    records: int
    chained: int
    verified: int
    anchored: int
    gaps: int
    chains: tuple[tuple[str | None, int, str], ...]
    fresh: bool

    def age(self, as_of: datetime) -> timedelta:
        """The time from the verification to `as_of`."""
        return as_of - self.checked_at

    def values(self) -> Mapping[str, Value]:
        """The shares of chained records that verify, and that a signed checkpoint covers.

        Every record was looked at, so each is its own interval; unknown where the log changed
        since.
        """
        return {
            RESULT: self._share(RESULT, self.verified),
            SIGNED: self._share(SIGNED, self.anchored),
        }

    def _share(self, name: str, part: int) -> Value:
        if not self.fresh or not self.chained:
            return Value(name, None, None, None, 0, 0, 0 if self.fresh else self.chained)
        share = part / self.chained
        return Value(name, None, None, share, part, self.chained, 0, share, share)


def _place(log: Path, folder: Path | None) -> Path:
    if folder is not None:
        return folder / STATE
    return log / STATE if log.is_dir() else log.with_name(f"{log.name}.{STATE}")


def chain_state(log: str | Path, *, state: Path | None = None) -> ChainState | None:
    """The stored verification of the log at `log`; None where it was never verified.

    `state` is the folder that `govlab audit verify --state` was given.
    """
    place = _place(Path(log), state)
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
        return _read(said, Path(log)) if said.get("format") == _FORMAT else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"`{place}` is no stored verification; remove it and run `govlab audit verify`"
        ) from None


def _read(said: Mapping[str, Any], log: Path) -> ChainState:
    chains = tuple((c["tenant"], int(c["size"]), str(c["head"])) for c in said["chains"])
    records, chained, verified, anchored, wrong = (int(said[name]) for name in _NUMBERS)
    return ChainState(
        said["status"],
        datetime.fromisoformat(said["checked_at"]),
        records,
        chained,
        verified,
        anchored,
        wrong,
        chains,
        said["log"] == _identity(log),
    )


_NUMBERS = ("records", "chained", "verified", "anchored", "gaps")


def _identity(log: Path) -> str | None:
    """Which log it is: its manifest's digest, or a table's size."""
    cited = cite(log)
    if cited is not None:
        return cited.manifest_sha256
    return f"size:{log.stat().st_size}" if log.is_file() else None


def store(
    found: Verification, log: Path, *, checked_at: datetime, state: Path | None = None
) -> Path:
    """Writes what `found` says of `log`, whole or not at all; the file it is in.

    Raises UsageError where it cannot be written.
    """
    place = _place(log, state)
    text = json.dumps(_document(found, log, checked_at), indent=2, ensure_ascii=False)
    try:
        place_bytes(place, text.encode() + b"\n")
    except OSError as error:
        raise UsageError(
            f"`{place}` cannot be written: {error.strerror}; use `--state DIR`"
        ) from None
    return place


def _document(found: Verification, log: Path, checked_at: datetime) -> dict[str, Any]:
    whole = [chain for chain in found.chains if chain.status != "compromised"]
    ends = [
        {"tenant": c.tenant, "size": c.size, "head": c.digests[-1].hex()}
        for c in whole
        if c.digests
    ]
    return {
        "format": _FORMAT,
        "log": _identity(log),
        "checked_at": checked_at.isoformat(),
        "status": found.status,
        "records": found.records,
        "chained": sum(chain.records for chain in found.chains),
        "verified": sum(chain.records for chain in whole),
        "anchored": sum(chain.anchored for chain in whole),
        "gaps": sum(1 for _ in found.gaps()),
        "chains": ends,
    }


def remember(known: ChainState | None) -> list[Checkpoint]:
    """What an earlier verification found, as checkpoints that nobody signed."""
    found = known.chains if known is not None else ()
    return [Checkpoint(tenant, size, b"", bytes.fromhex(head)) for tenant, size, head in found]
