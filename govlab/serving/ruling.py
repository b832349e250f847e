"""What decides: an exported engine, verified before it runs, or a bundle exported in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError
from govlab.exporting.loading import Exported, open_engine
from govlab.exporting.manifest import MANIFEST, canonical_bundle
from govlab.exporting.source import engine_source
from govlab.exporting.verifying import verified_engine
from govlab.keys import Key
from govlab.plan.admit import Admission, Approval
from govlab.plan.decision import Decision

__all__ = ["Ruling", "of_bundle", "read_ruling"]


class Decides(Protocol):
    """`decide` of an engine: the event with its time in `ts`, the decision."""

    def __call__(self, event: Mapping[str, Any], /) -> Decision: ...


class Admits(Protocol):
    """`admit` of an engine: whether the action may go now."""

    def __call__(
        self,
        decision: Decision,
        event: Mapping[str, Any],
        approval: Approval | None,
        /,
        *,
        now: datetime,
    ) -> Admission: ...


@dataclass(frozen=True, slots=True)
class Ruling:
    """One version of what decides; `entities` are the ids of resources by their type.

    `engine` is what decides with what earlier events add up to: None where the bundle reads no
    history, and has no limit on how often something is done.
    """

    name: str
    version: str
    digest: str
    declared: frozenset[str]
    decide: Decides
    admit: Admits
    entities: Mapping[str, Sequence[str]]
    engine: Any = None


class _Rule(msgspec.Struct):
    constraints: dict[str, Any]


class _Policy(msgspec.Struct):
    rules: list[_Rule]


class _Meaning(msgspec.Struct):
    """What of a bundle's meaning a server needs besides its engine."""

    attributes: dict[str, str]
    history: dict[str, Any]
    lookups: dict[str, dict[str, Any]]
    policies: list[_Policy]

    def adds_up(self) -> bool:
        """Whether what it decides, or permits, depends on earlier events."""
        rules = (rule for policy in self.policies for rule in policy.rules)
        return bool(self.history) or any("rate" in rule.constraints for rule in rules)


class _Document(msgspec.Struct):
    """`bundle.json`."""

    name: str
    version: str
    bundles: list[_Meaning]
    entities: dict[str, list[str]] = {}


_read = msgspec.json.Decoder(_Document).decode


def read_ruling(path: Path, key: Key | None = None) -> Ruling:
    """What decides at `path`: an export (signed with `key`, where one is given) or a bundle.

    Raises BundleError or UsageError where nothing can decide there, or not what was signed.
    """
    if (path / MANIFEST).is_file():
        found = verified_engine(path, key)
        return _ruling(found, found.bundle)
    if key is not None:
        raise UsageError(f"`{path}` is a bundle, which nobody signs: `govlab export` it with a key")
    return of_bundle(load_bundle(path))


def of_bundle(bundle: Bundle) -> Ruling:
    """The engine that `govlab export` would make of `bundle`.

    >>> of_bundle(load_bundle("prod-safety")).decide({"tool": "aws-cli"}).decision
    'DENY'
    """
    return _ruling(open_engine(engine_source(bundle)), canonical_bundle(bundle))


def _ruling(engine: Exported, text: bytes) -> Ruling:
    try:
        document = _read(text)
    except msgspec.MsgspecError as error:
        raise UsageError(f"`bundle.json`: {error}; export the bundle again") from error
    remembers = any(one.adds_up() for one in document.bundles)
    return Ruling(
        document.name,
        document.version,
        engine.digest,
        frozenset(name for one in document.bundles for name in one.attributes),
        engine.decide,
        engine.admit,
        {kind: _keys(document, names) for kind, names in document.entities.items()},
        engine.module if remembers else None,
    )


def _keys(document: _Document, names: Sequence[str]) -> tuple[str, ...]:
    """The keys of the lookups `names`, in order."""
    every = {name: one for member in document.bundles for name, one in member.lookups.items()}
    return tuple(sorted({row[0] for name in names for row in every[name]["rows"]}))
