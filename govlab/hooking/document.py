"""Claude Code's settings file: our entry put in or taken out, and all else left as it is."""

from __future__ import annotations

import difflib
import json
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govlab.errors import UsageError
from govlab.placing import placing

__all__ = ["Document", "Entry", "open_document"]

_EVENT = "PreToolUse"
_BARE = ("-I", "-S")  # neither the environment nor site packages have a say


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that runs a hook: the Python, the hook's file, what it is told."""

    python: str
    hook: Path
    monitor: bool

    @property
    def command(self) -> str:
        """As a shell reads it."""
        told = ("--monitor",) if self.monitor else ()
        return shlex.join((self.python, *_BARE, str(self.hook), *told))


@dataclass(frozen=True, slots=True)
class Document:
    """A settings file with its content; a file that is not there is empty."""

    path: Path
    content: dict[str, Any]
    text: str

    def entries(self, hook: Path) -> list[Entry]:
        """The entries that run `hook`."""
        commands = [
            one.get("command") for group in self._groups() for one in _hooks(group) if _is(one)
        ]
        found = [_entry(command, hook) for command in commands]
        return [entry for entry in found if entry is not None]

    def text_with(self, entry: Entry) -> str:
        """The file's text where `entry` is the one that runs its hook."""
        content = self._without(entry.hook)
        hook = {"type": "command", "command": entry.command}
        content.setdefault("hooks", {}).setdefault(_EVENT, []).append(
            {"matcher": "*", "hooks": [hook]}
        )
        return _text(content)

    def text_without(self, hook: Path) -> str:
        """The file's text where nothing runs `hook`."""
        return _text(self._without(hook)) if self.entries(hook) else self.text

    def diff(self, text: str) -> str:
        """What would change, as `diff -u` shows it; empty where nothing would."""
        name = str(self.path)
        lines = difflib.unified_diff(
            self.text.splitlines(), text.splitlines(), name, name, lineterm=""
        )
        return "\n".join(lines)

    def write(self, text: str) -> None:
        """Puts `text` in the file's place, whole or not at all, with the mode that it has.

        Raises UsageError where another has changed it since it was read.
        """
        if _read(self.path) != self.text:
            raise UsageError(f"`{self.path}` was changed by another meanwhile; run this again")
        mode = stat.S_IMODE(self.path.stat().st_mode) if self.path.exists() else 0o600
        with placing(self.path) as part:
            part.touch(mode)
            part.chmod(mode)
            part.write_text(text, encoding="utf-8")

    def _groups(self) -> list[Any]:
        groups = self.content.get("hooks", {}).get(_EVENT, [])
        return [group for group in groups if isinstance(group, dict)]

    def _without(self, hook: Path) -> dict[str, Any]:
        """The content without entries that run `hook`, and without what that leaves empty."""
        content: dict[str, Any] = json.loads(json.dumps(self.content))
        events = content.get("hooks", {})
        if not self.entries(hook):
            return content
        events[_EVENT] = [
            kept for group in events[_EVENT] if (kept := _less(group, hook)) is not None
        ]
        if not events[_EVENT]:
            del events[_EVENT]
        if not events:
            del content["hooks"]
        return content


def open_document(path: Path) -> Document:
    """The settings at `path`, or what it links to. Raises UsageError where they cannot be read."""
    place = path.expanduser().resolve()
    text = _read(place)
    try:
        content = json.loads(text, object_pairs_hook=_unique) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(f"`{path}` is not JSON as settings have it: {error}; correct it") from None
    hooks = content.get("hooks", {}) if isinstance(content, dict) else None
    if not isinstance(hooks, dict) or not isinstance(hooks.get(_EVENT, []), list):
        raise UsageError(f"`{path}` has no `hooks` as Claude Code has them; correct it")
    return Document(place, content, text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"`{path}` is not UTF-8") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _hooks(group: Any) -> Sequence[Any]:
    hooks = group.get("hooks") if isinstance(group, dict) else None
    return hooks if isinstance(hooks, list) else ()


def _is(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("command"), str)


def _entry(command: str, hook: Path) -> Entry | None:
    """The entry that `command` is; None where it runs something else than `hook`."""
    try:
        python, *words = shlex.split(command) or [""]
    except ValueError:  # a quotation without an end: not ours
        return None
    ours = tuple(words[:2]) == _BARE and words[2:3] == [str(hook)]
    return Entry(python, hook, "--monitor" in words) if ours else None


def _less(group: Any, hook: Path) -> Any | None:
    """`group` without what runs `hook`; None where nothing else is in it."""
    hooks = _hooks(group)
    kept = [one for one in hooks if not (_is(one) and _entry(one["command"], hook))]
    if len(kept) == len(hooks):
        return group
    return {**group, "hooks": kept} if kept else None
