"""`--history`: a scorecard made night after night, and what it says to whoever is on call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import click

from govlab.assess.card import Scorecard
from govlab.cli.failing import fail_on
from govlab.cli.options import say
from govlab.errors import UsageError
from govlab.report.text import clean_lines
from govlab.scheduled import History, Outcome

__all__ = ["Gate", "gating"]

F = TypeVar("F", bound=Callable[..., Any])
_WORDS = {
    "new": "a figure warns, fails or is unknown that did not at the last run",
    "warn": "a figure warns or fails",
    "fail": "a figure fails",
    "unknown": "a figure is unknown",
}
_STATUSES = {"new": (), "warn": ("warn", "fail"), "fail": ("fail",), "unknown": ("unknown",)}
_GRAVEST = ("fail", "warn", "unknown")
_SHOWN = 8


def gating(function: F) -> F:
    """The options `--fail-on`, `--history` and `--due`, the first and the last as `gate`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.option(
        "--history",
        metavar="DIR|URL",
        help="Keep what each day comes to: the next run reads only the days that changed.",
    ),
    click.option(
        "--due", metavar="DAY", help="With --history: exit 1 where LOG has nothing of this day yet."
    ),
    fail_on(_WORDS),
)


@dataclass(frozen=True, slots=True)
class Gate:
    """When to exit with 1: `words` of `--fail-on`, and the day that is `due`."""

    words: tuple[str, ...]
    due: str | None

    @staticmethod
    def of(words: tuple[str, ...], due: str | None, history: str | None, *, targets: bool) -> Gate:
        """The gate of those options. Raises UsageError for what can never fail."""
        for word in words:
            if "fail" in _STATUSES[word] and not targets:
                raise UsageError(
                    f"`--fail-on {word}`: without targets nothing passes or fails; "
                    "add `--targets govlab`, or a file of your own"
                )
        if history is None and ("new" in words or due is not None):
            name = "--due" if due is not None else "--fail-on new"
            raise UsageError(f"`{name}` needs the runs before this one; add `--history DIR`")
        return Gate(words, None if due is None else _day(due))

    def fails(self, card: Scorecard) -> bool:
        """Whether a figure has a status of the gate."""
        failing = {status for word in self.words for status in _STATUSES[word]}
        return any(judged.status in failing for judged in card.figures)

    def finish(self, history: History, card: Scorecard) -> bool:
        """Whether the night fails; says what is new about it, and stores that it was."""
        found = history.finish(card.standing(), self.due)
        for line in _lines(history, found):
            say(clean_lines(line))
        missing = bool(found.empty or found.late)
        return missing or ("new" in self.words and bool(found.new)) or self.fails(card)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"`--due {text}` is no day; write e.g. `2026-11-21`") from None


def _lines(history: History, found: Outcome) -> Iterator[str]:
    """What happened, the gravest last: that is what a mail or a page ends with."""
    again = [name.partition("/")[2][:10] for name in history.counted]
    yield f"history: {len(history.parts)} days, of which read now: {_count(again)}"
    since = f"the run up to {found.since}" if found.since else "no run before"
    if found.gone:
        yield f"no longer, since {since}: {_words(found.gone)}"
    if found.new:
        yield f"new, since {since}: {_words(found.new)}"
    if found.empty:
        yield f"empty: no action on {_list(found.empty)}"
    if found.late:
        newest = f"the newest are of {found.newest}" if found.newest else "none has a time"
        yield f"late: no action of {_list(found.late)} yet; {newest}"


def _count(days: Collection[str]) -> str:
    return f"{len(days):,} ({_list(sorted(days))})" if days else "none"


def _words(standing: Mapping[str, str]) -> str:
    ranked = sorted(standing.items(), key=lambda one: (_GRAVEST.index(one[1]), one[0]))
    return _list([f"`{name}` {word}" for name, word in ranked])


def _list(items: Sequence[str]) -> str:
    more = f" and {len(items) - _SHOWN:,} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
