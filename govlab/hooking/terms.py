"""What was chosen when a hook was installed; it is written out in the hook's own code."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Which engine decides, and what its answers may be.

    `approvers` are the names, of people and of groups, under which the session's user approves;
    `assumes` holds where limits that the hook cannot check are taken to be kept.
    """

    name: str = ""
    version: str = ""
    digest: str = ""
    engine_sha256: str = ""
    approvers: tuple[str, ...] = ()
    assumes: bool = False
