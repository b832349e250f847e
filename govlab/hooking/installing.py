"""A hook put in place of Claude Code's settings, taken out again, and looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError
from govlab.hooking.document import Document, Entry, open_document
from govlab.hooking.writing import HOOK, approvers, write_hook
from govlab.plan import compile_plan

__all__ = ["Change", "Choice", "Standing", "perform", "plan_install", "plan_uninstall", "status"]

_FOLDER = "govlab"
_TOLD = frozenset(
    {
        "ts", "system", "event_id", "run_id", "permission_mode", "tool", "server", "resource",
        "resource_type", "args", "args_sha256", "actor", "agent_role", "parent_agent",
        "delegation_depth", "delegation_chain",
    }
)  # fmt: skip
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """How a hook is to answer: only watching, whose user approves, what is taken to be kept."""

    monitor: bool = False
    user: str | None = None
    assumes: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A change of settings, to be looked at before it is made; `bundle` is None for a removal."""

    document: Document
    text: str
    hook: Path
    bundle: Bundle | None = None
    choice: Choice = Choice()
    untold: tuple[str, ...] = ()  # attributes that rules read and no request tells

    @property
    def diff(self) -> str:
        """What changes in the settings, as `diff -u` shows it."""
        return self.document.diff(self.text)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a hook is in the settings, and what it says when it is asked."""

    settings: Path
    entry: Entry | None
    decides: Mapping[str, Any] | None  # name, version and digest; None where it does not start

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: `settings`, `installed`, `mode`, `works`, `decides`, `records`."""
        entry = self.entry
        mode = None if entry is None else "monitor" if entry.monitor else "enforce"
        records = None if entry is None else str(entry.hook.with_name("decisions.ndjson"))
        return {
            "settings": str(self.settings),
            "installed": entry is not None,
            "mode": mode,
            "works": self.decides is not None,
            "decides": self.decides,
            "records": records,
        }


def plan_install(settings: Path, bundle: Bundle | str | Path, choice: Choice) -> Change:
    """What installing a hook of `bundle` in `settings` comes to; nothing is written yet.

    Raises BundleError where the bundle does not load, UsageError where it reads history, which a
    process for each call does not keep, and where the settings cannot be read.
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    if features := sorted(feature.name for feature in loaded.features()):
        named = ", ".join(f"`{name}`" for name in features)
        raise UsageError(f"the bundle `{loaded.name}` reads history ({named}), which a hook does "
                         "not keep from call to call: install a bundle without it")  # fmt: skip
    document = open_document(settings)
    hook = _hook(document)
    text = document.text_with(Entry(sys.executable, hook, choice.monitor))
    return Change(document, text, hook, loaded, choice, _untold(loaded))


def plan_uninstall(settings: Path) -> Change:
    """What taking the hook out of `settings` comes to; its files stay, the records among them."""
    document = open_document(settings)
    hook = _hook(document)
    return Change(document, document.text_without(hook), hook)


def perform(change: Change) -> None:
    """Makes `change`: the hook's files first, then, once it starts, the settings.

    Raises UsageError where something cannot be written, or the hook does not start.
    """
    if change.bundle is not None:
        names = approvers(change.bundle, change.choice.user)
        change.hook.parent.mkdir(parents=True, exist_ok=True)
        write_hook(change.hook.parent, change.bundle, names=names, assumes=change.choice.assumes)
        if _probe(Entry(sys.executable, change.hook, False)) is None:
            raise UsageError(f"`{change.hook}` does not start; the settings were left as they are")
    if change.diff:
        change.document.write(change.text)


def status(settings: Path) -> Standing:
    """How the hook in `settings` stands; it is started once, and asked what it decides by."""
    document = open_document(settings)
    entry = next(iter(document.entries(_hook(document))), None)
    return Standing(document.path, entry, None if entry is None else _probe(entry))


def _untold(bundle: Bundle) -> tuple[str, ...]:
    reads = {name for name in compile_plan(bundle).reads() if not name.startswith("args.")}
    derived = {each.attribute for member in bundle.chain() for each in member.derive}
    return tuple(sorted(reads - derived - _TOLD))


def _hook(document: Document) -> Path:
    return document.path.parent / _FOLDER / HOOK


def _probe(entry: Entry) -> Mapping[str, Any] | None:
    """What the hook says of itself; None where it does not start."""
    command = [entry.python, "-I", "-S", str(entry.hook), "--probe"]
    try:
        done = subprocess.run(  # noqa: S603  # what Claude Code would start
            command, capture_output=True, check=True, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL
        )
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return said if isinstance(said, dict) else None
