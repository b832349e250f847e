"""The filters that every command which reads a LOG takes (J2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

import click

from govlab.errors import UsageError
from govlab.selection import Selection

__all__ = ["by_option", "listed", "parse_show", "selecting", "show_option"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--where", metavar="CEL", help="Only events where this holds; it may read every column."
    ),
    click.option("--since", metavar="T", help="Only events from this day or instant on."),
    click.option("--until", metavar="T", help="Only events before this day or instant."),
    click.option(
        "--last", metavar="SPAN", help="Only the last 30d, 12h, ..., counted from the newest event."
    ),
    click.option("--as-of", metavar="T", help="Count --last from here, not the newest event."),
    click.option(
        "--tz", default="UTC", metavar="ZONE", help="Zone of days and of times shown (UTC)."
    ),
)
_NAMES = ("where", "since", "until", "last", "as_of", "tz")

show_option = click.option(
    "--show", default="20", metavar="N|all", help="How many kinds of events to list (default 20)."
)
by_option = click.option(
    "--by", metavar="COLUMN", multiple=True, help="A column to count by; repeat it, or commas."
)


def selecting(function: F) -> F:
    """The filter options, handed over as one argument `selection`.

    Filters choose what is reported; history, runs and order are those of the whole log.
    """

    @wraps(function)
    def command(*args: Any, **given: Any) -> Any:
        filters = {name: given.pop(name) for name in _NAMES}
        return function(*args, selection=Selection(**filters, prefix="--"), **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command  # type: ignore[return-value]  # the same, with the options in one argument


def listed(values: Iterable[str]) -> list[str]:
    """The values of an option that may be repeated and takes commas, each once.

    >>> listed(["env,tool", "actor", "env"])
    ['env', 'tool', 'actor']
    """
    parts = (part.strip() for value in values for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def parse_show(show: str) -> int | None:
    """The number of kinds to list; None for `all`."""
    if show == "all":
        return None
    if not (show.isascii() and show.isdigit()):
        raise UsageError(f"`--show {show}` is no number; write `--show 20` or `--show all`")
    return int(show)
