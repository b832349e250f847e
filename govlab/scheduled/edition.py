"""What a scheduled run came to, and what is new about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["Edition", "Outcome", "outcome"]


@dataclass(frozen=True, slots=True)
class Edition:
    """The parts it was made of, what stood wrong (figure -> status), and the log's newest day."""

    parts: tuple[str, ...]
    standing: Mapping[str, str]
    newest: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`new` stands since this edition, `gone` does not any more; `since` is the day before that.

    `empty` are days without an action since then, `late` those after the newest, up to the one due.
    """

    new: Mapping[str, str]
    gone: Mapping[str, str]
    since: str | None
    newest: str | None
    empty: tuple[str, ...]
    late: tuple[str, ...]


def outcome(
    now: Edition, before: Edition | None, days: Sequence[str], due: str | None = None
) -> Outcome:
    """What is new in `now`, where the log has actions on `days` (ISO dates).

    Without an edition before, all that stands is new.

    >>> first = Edition((), {"a": "warn", "b": "fail"}, None)
    >>> found = outcome(Edition((), {"a": "fail", "b": "warn"}, None), first, [])
    >>> dict(found.new), dict(found.gone)
    ({'a': 'fail'}, {})
    """
    stood = before.standing if before else {}
    since = before.newest if before else None
    there = set(days)
    missing = [day for day in _expected(now.newest, since, due) if day not in there]
    return Outcome(
        {name: word for name, word in now.standing.items() if _is_new(word, stood.get(name))},
        {name: word for name, word in stood.items() if name not in now.standing},
        since,
        now.newest,
        tuple(day for day in missing if now.newest is not None and day < now.newest),
        tuple(day for day in missing if now.newest is None or day > now.newest),
    )


def _is_new(word: str, stood: str | None) -> bool:
    """What failed and is only a warning now is better, and no news to wake anybody for."""
    return word != stood and (stood, word) != ("fail", "warn")


def _expected(newest: str | None, since: str | None, due: str | None) -> Iterator[str]:
    """The days that have to be there: from the last edition's, up to the newest and the one due."""
    if since is None:
        yield from () if due is None else (due,)
        return
    last = max(day for day in (since, newest, due) if day is not None)
    if due is not None and due < since:
        yield due
    day, end = date.fromisoformat(since), date.fromisoformat(last)
    yield from ((day + timedelta(days=n)).isoformat() for n in range((end - day).days + 1))
