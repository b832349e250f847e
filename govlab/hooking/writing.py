"""The files of a hook: what is run, what it loads, and the engine that decides."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Final

from govlab.bundle import Bundle
from govlab.exporting import export_engine
from govlab.exporting.bundling import bundle_text
from govlab.exporting.modules import Symbol, parse_module, read_module
from govlab.exporting.reach import PROGRAM, reach
from govlab.hooking.terms import Terms
from govlab.placing import place_bytes

__all__ = ["CALLER", "ENGINE", "HOOK", "approvers", "caller_source", "write_hook"]

ENGINE: Final = "engine"
CALLER: Final = "caller.py"
HOOK: Final = "hook.py"

_SURFACE = "govlab.hooking.caller"
_LAUNCHER = "govlab.hooking.launcher"
_ABOUT = '''"""Answers Claude Code before each tool use by the engine beside it.

Written by `govlab hook install`; standard library only.
"""
'''


def caller_source(terms: Terms) -> str:
    """The text of `caller.py`: what answers, on `terms`; equal terms, equal bytes.

    >>> "def main(" in caller_source(Terms("gate", "1.0.0"))
    True
    """
    values = ",\n".join(f"    {f.name}={getattr(terms, f.name)!r}" for f in fields(terms))
    home = {"Terms": Symbol("govlab.hooking.terms", "Terms")}
    program = parse_module(PROGRAM, f"TERMS = Terms(\n{values},\n)", home)
    text = bundle_text(reach(program, _SURFACE, (), {}), _SURFACE)
    return f"{_ABOUT}\n{text}"


def write_hook(
    folder: Path, bundle: Bundle, *, names: tuple[str, ...] = (), assumes: bool = False
) -> Terms:
    """The hook of `bundle` in `folder`, in place of an earlier one; the records there are kept.

    `names` and `assumes` as in Terms. Raises UsageError where it cannot be written.
    """
    export_engine(bundle, folder / ENGINE)
    engine = (folder / ENGINE / "engine.py").read_bytes()
    digest = sha256(engine).hexdigest()
    terms = Terms(bundle.name, bundle.version, bundle.digest, digest, names, assumes)
    place_bytes(folder / CALLER, caller_source(terms).encode())
    place_bytes(folder / HOOK, "\n".join(read_module(_LAUNCHER).lines).encode())
    place_bytes(
        folder / ".gitignore", b"*\n"
    )  # records hold what was asked, code what was chosen here
    return terms


def approvers(bundle: Bundle, user: str | None) -> tuple[str, ...]:
    """The names under which `user` approves: their own and those of their groups.

    The name of a group is a group, never a person who goes by that name.
    """
    groups = {name: people for member in bundle.chain() for name, people in member.groups.items()}
    if user is None or user in groups:
        return ()
    return (user, *sorted(name for name, people in groups.items() if user in people))
