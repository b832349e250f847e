"""Options that give a log what it lacks: values to explore, an organisation's tables (J1, J5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from govlab.bundle import Bundle
from govlab.errors import UsageError
from govlab.plan.assume import DEFAULTS
from govlab.registry import Registry, open_registry
from govlab.replays.organisation import load_org

__all__ = ["assumption_options", "assumptions", "org_option", "registry_option"]

F = TypeVar("F", bound=Callable[..., Any])


def assumption_options(function: F) -> F:
    """`--assume NAME=VALUE`, repeatable, and `--default`; both explore and are printed as such."""
    assume = click.option(
        "--assume",
        multiple=True,
        metavar="NAME=VALUE",
        help="Explore: take this value where an event has none, e.g. env=production; repeat it.",
    )
    default = click.option(
        "--default",
        type=click.Choice(DEFAULTS),
        help="Explore: this outcome, instead of the bundle's own, where no rule matches.",
    )
    return assume(default(function))


def assumptions(given: Iterable[str]) -> dict[str, str]:
    """The values of `--assume` by name; raises UsageError where one is none, or is there twice.

    >>> assumptions(["env=production", "risk_tags=pii,money"])
    {'env': 'production', 'risk_tags': 'pii,money'}
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(f"`--assume {text}` has no value; write `--assume env=production`")
        if name in found:
            raise UsageError(f"`--assume {name}` is there twice, and an event has one value of it")
        found[name] = value
    return found


def org_option(function: F) -> F:
    """`--org FILE`: derived attributes for figures without a bundle; loaded, or None."""
    return click.option(
        "--org",
        type=click.Path(path_type=Path),
        metavar="FILE",
        callback=_loaded,
        help="A YAML file with `attributes`, `lookups` and `derive`, as in a bundle.",
    )(function)


def _loaded(_context: click.Context, _option: click.Parameter, path: Path | None
            ) -> Bundle | None:  # fmt: skip
    return load_org(path) if path else None


def registry_option(function: F) -> F:
    """`--registry DIR`: opened, or None."""
    return click.option(
        "--registry",
        type=click.Path(path_type=Path),
        metavar="DIR",
        callback=_opened,
        help="Which rules were in force when; else the log says so.",
    )(function)


def _opened(_context: click.Context, _option: click.Parameter, path: Path | None
            ) -> Registry | None:  # fmt: skip
    return open_registry(path) if path else None
