"""A run that ends at any moment is, once it is run again, as one that never was."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from govlab.assess import Asked, made
from govlab.assess.daily import series_of
from govlab.scheduled import History, Outcome
from govlab.scheduled.folder import Folder
from govlab.scheduled.store import Kept
from tests.scheduled.growing import DAYS, come, late, log_of


class KilledError(BaseException):
    """Nothing in govlab catches it."""


@dataclass(slots=True)
class Dying:
    """A folder that ends the process before or after its nth call."""

    folder: Folder
    calls: int
    after: bool

    def _call(self, method: Callable[..., Any], *given: object) -> Any:
        self.calls -= 1
        if self.calls == 0 and not self.after:
            raise KilledError
        found = method(*given)
        if self.calls == 0:
            raise KilledError
        return found

    @property
    def place(self) -> str:
        return self.folder.place

    def held(self) -> AbstractContextManager[None]:
        return self.folder.held()

    def get(self, name: str) -> Kept | None:
        found: Kept | None = self._call(self.folder.get, name)
        return found

    def put(self, name: str, content: bytes) -> None:
        self._call(self.folder.put, name, content)

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        return bool(self._call(self.folder.swap, name, content, tag))

    def names(self, folder: str) -> list[str]:
        found: list[str] = self._call(self.folder.names, folder)
        return found

    def drop(self, name: str) -> None:
        self._call(self.folder.drop, name)


def night(store: Folder | Dying, log: Path, asked: Asked) -> tuple[str, Outcome]:
    with store.held():
        history = History.of(store, series_of(log, asked))
        card = made(log, replace(asked, history=history))
        return json.dumps(card.to_dict()), history.finish(card.standing())


def kept(place: Path) -> tuple[list[str], dict[str, Any]]:
    """The parts in a history, and its edition but for who wrote it."""
    (edition,) = (place / "editions").iterdir()
    said = json.loads(edition.read_bytes())
    return sorted(p.name for p in (place / "parts").iterdir()), {**said, "by": None}


def test_a_run_that_ended_at_any_call_is_taken_up_again(tmp_path: Path) -> None:
    log, asked = log_of(tmp_path / "log", DAYS[:1]), Asked(cuts=())
    night(Folder(tmp_path / "before"), log, asked)
    come(log, DAYS[1])
    late(log, DAYS[0])
    shutil.copytree(tmp_path / "before", tmp_path / "whole")
    counting = Dying(Folder(tmp_path / "whole"), 0, after=False)
    whole = night(counting, log, asked)
    assert -counting.calls >= 10
    for call in range(1, -counting.calls + 1):
        place = tmp_path / f"{call}"
        shutil.copytree(tmp_path / "before", place)
        with pytest.raises(KilledError):
            night(Dying(Folder(place), call, after=call % 2 == 0), log, asked)
        assert night(Folder(place), log, asked) == whole
        assert kept(place) == kept(tmp_path / "whole")
        shutil.rmtree(place)


class Run(Protocol):
    def __call__(self, place: Path, *, kill_after: float | None = None) -> str | None: ...


def command(log: Path, folder: Path) -> Run:
    """Runs the command line, and gives what it writes; None where it was killed."""
    words = [sys.executable, "-m", "govlab", "scorecard", str(log), "--by", "tool", "--json"]

    def run(place: Path, *, kill_after: float | None = None) -> str | None:
        page = folder / "page.html"
        page.unlink(missing_ok=True)
        with subprocess.Popen(
            [*words, "--history", str(place), "--html", str(page)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "POLARS_MAX_THREADS": "2"},
        ) as process:
            with suppress(subprocess.TimeoutExpired):
                said, _ = process.communicate(timeout=kill_after)
                return said.decode() + page.read_text(encoding="utf-8")
            process.kill()  # SIGKILL: nothing is tidied up
            process.communicate()
        return None

    return run


@pytest.mark.slow
def test_runs_killed_at_random_moments_come_to_the_same(tmp_path: Path) -> None:
    """Each kill at a moment of a run that has not ended: 3 of them, 100 in the deep profile."""
    deep = os.environ.get("GOVLAB_PROFILE") == "deep"
    kills, rng = 100 if deep else 3, random.Random(7)
    log = log_of(tmp_path / "log", DAYS[:2])
    run = command(log, tmp_path)
    run(tmp_path / "before")
    come(log, *DAYS[2:7])
    late(log, DAYS[0])
    shutil.copytree(tmp_path / "before", tmp_path / "whole")
    start = time.monotonic()
    whole = run(tmp_path / "whole")
    took = time.monotonic() - start
    while kills > 0:
        shutil.copytree(tmp_path / "before", tmp_path / "killed")
        for _ in range(min(kills, rng.randint(1, 3))):
            if run(tmp_path / "killed", kill_after=rng.uniform(0, took)) is None:
                kills -= 1
        assert run(tmp_path / "killed") == whole
        assert kept(tmp_path / "killed") == kept(tmp_path / "whole")
        shutil.rmtree(tmp_path / "killed")
