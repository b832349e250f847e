"""A history: the parts that days came to, and the last edition that was made of them.

    PLACE/parts/<day>-<key>          what a day comes to; <key> names all that it depends on
    PLACE/editions/<series>.json     the last edition of a series, and what stood before it

A series is a log and what is asked of it. Parts are only saved work: lost or damaged ones are made
again. The edition is swapped last of all: whoever is killed before leaves no trace but parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

from govlab.errors import UsageError
from govlab.scheduled.edition import Edition, Outcome, outcome
from govlab.scheduled.packing import DamagedError, packed, unpacked
from govlab.scheduled.store import Kept, Store, open_store, this_process

__all__ = ["History", "digest_of", "open_history"]

_FORMAT: Final = 1
_PARTS: Final = "parts"
_EDITIONS: Final = "editions"
_OWN: Final = re.compile(
    rf"{_PARTS}/[^/]+-[0-9a-f]{{32}}"
)  # who else keeps files there, keeps them
T = TypeVar("T")


def digest_of(said: Any) -> str:
    """The name of a JSON value by its content.

    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


@contextmanager
def open_history(place: str | Path, series: Mapping[str, Any]) -> Iterator[History]:
    """The history at `place`, a folder or the URL of an object store, held until the end.

    Raises UsageError where somebody else holds it, or it cannot be read.
    """
    store = open_store(place)
    with store.held():
        yield History.of(store, series)


@dataclass(slots=True)
class History:
    """A series that is being continued: `edition` is the last one, `before` the one before that.

    `parts` are the names that this run used so far, `counted` those that it had to make; `days`
    are those of the log.
    """

    store: Store
    series: Mapping[str, Any]
    edition: Edition | None
    before: Edition | None
    tag: str | None
    parts: dict[str, None] = field(default_factory=dict)
    counted: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)

    @staticmethod
    def of(store: Store, series: Mapping[str, Any]) -> History:
        """The series as the last run left it."""
        name = _name(series)
        kept = store.get(name)
        if kept is None:
            return History(store, series, None, None, None)
        said = _said(kept, f"{store.place}/{name}")
        last, before = (_edition(said.get(word), store.place) for word in ("edition", "before"))
        return History(store, series, last, before, kept.tag)

    def part(self, day: str, key: str, make: Callable[[], T], kind: type[T]) -> T:
        """The `kind` that `make` gives for `day`; where the same `key` was made before, that."""
        name = f"{_PARTS}/{day}-{key}"
        self.parts[name] = None
        kept = self.store.get(name)
        with suppress(DamagedError):
            if kept is not None:
                return unpacked(kept.content, kind)
        made = make()
        self.store.put(name, packed(made))
        self.counted.append(name)
        return made

    def finish(self, standing: Mapping[str, str], due: str | None = None) -> Outcome:
        """Makes this run the last edition, and says what is new about it.

        `standing` is what is wrong, by figure; `due` a day that has to be there. An edition that
        says what the last one says of the same parts *is* the last one: a run that is done again,
        for whatever reason, comes to the same. Raises UsageError where another run was quicker.
        """
        newest = max(self.days, default=None)
        now = Edition(tuple(sorted(self.parts)), dict(sorted(standing.items())), newest)
        before = self.before if now == self.edition else self.edition
        found = outcome(now, before, self.days, due)
        if now != self.edition:
            self._swap(now, before)
        self._sweep()
        return found

    def _swap(self, now: Edition, before: Edition | None) -> None:
        said = {
            "format": _FORMAT,
            "series": dict(self.series),
            "by": this_process(),
            "edition": asdict(now),
            "before": before and asdict(before),
        }
        name = _name(self.series)
        content = (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()
        if not self.store.swap(name, content, self.tag):
            raise self._overtaken(name)

    def _overtaken(self, name: str) -> UsageError:
        kept = self.store.get(name)
        by = _said(kept, name).get("by") if kept else None
        return UsageError(
            f"`{self.store.place}` was written by {by or 'another process'} while this command was "
            "at work; that edition stands, this one was not kept: run the command again"
        )

    def _sweep(self) -> None:
        """Drops the parts that no edition is made of."""
        used: set[str] = set()
        for name in self.store.names(_EDITIONS):
            kept = self.store.get(name)
            last = kept and _edition(_said(kept, name).get("edition"), self.store.place)
            used |= set(last.parts) if last else set()
        for name in self.store.names(_PARTS):
            if name not in used and _OWN.fullmatch(name):
                self.store.drop(name)


def _name(series: Mapping[str, Any]) -> str:
    return f"{_EDITIONS}/{digest_of(dict(series))}.json"


def _said(kept: Kept, place: str) -> dict[str, Any]:
    with suppress(ValueError):
        said = json.loads(kept.content)
        if isinstance(said, dict) and said.get("format") == _FORMAT:
            return said
    raise UsageError(
        f"`{place}` is no edition that this version of govlab wrote; remove it, and the next run "
        "begins anew"
    )


def _edition(said: Any, place: str) -> Edition | None:
    try:
        if said and said["newest"] is not None:
            date.fromisoformat(said["newest"])
        return said and Edition(tuple(said["parts"]), dict(said["standing"]), said["newest"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"an edition in `{place}/{_EDITIONS}` is damaged; remove it") from None
