"""Pieces of a file decoded in several processes; what they say comes in the order of the pieces.

A worker is a Python of its own that is asked and answers over its pipes: unlike a forked process
it shares no locks, and unlike a spawned one it does not run the caller's script again.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import IO

from govlab.log.adapters.otlp_pieces import Piece
from govlab.log.adapters.otlp_reader import Taken, taken
from govlab.log.adapters.spans import Reading
from govlab.log.uncollected import uncollected

__all__ = ["Job", "results", "serve"]

_IN_HAND = 3  # jobs of a worker, that which it does among them
_AHEAD = 8  # answers for each worker that are held at most
_TURN_S = 0.0005
# no circles are looked for in what is imported, and nothing of it is taken down at the end
_COMMAND = f"""
import gc, os
gc.disable()
from {__name__} import serve
gc.freeze()
gc.enable()
serve()
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece to be read, the traces in it that go on elsewhere, and how."""

    piece: Piece
    going_on: frozenset[str]
    how: Reading


def results(jobs: Iterator[Job], workers: int) -> Iterator[Taken]:
    """What each job's piece says, in order; with no workers, or where they fail, done here.

    Where all workers have enough to do, this process does a job too. Workers are called before the
    first of `jobs` is.
    """
    if workers < 1 or not sys.executable:
        yield from map(_done, jobs)
        return
    with ExitStack() as stack:
        idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for _ in range(workers):
            worker = stack.enter_context(_worker())
            stack.callback(_stop, worker)
            idle.put(worker)
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        stack.enter_context(_handing_on())
        waiting: deque[tuple[Job, Future[Taken]]] = deque()
        for job in jobs:
            busy = sum(not each.done() for _, each in waiting) >= _IN_HAND * workers
            waiting.append((job, _here(job) if busy else pool.submit(_asked, idle, job)))
            while waiting and (waiting[0][1].done() or len(waiting) > _AHEAD * workers):
                yield waiting.popleft()[1].result()
        yield from (each.result() for each in _shared(list(waiting)))


@contextmanager
def _handing_on() -> Iterator[None]:
    """Threads that hand on jobs and answers wait but shortly for the one that does jobs."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _shared(waiting: list[tuple[Job, Future[Taken]]]) -> list[Future[Taken]]:
    """What is still to come: of the last jobs those that no worker has begun are done here."""
    found = [each for _, each in waiting]
    for place in reversed(range(len(waiting))):
        if found[place].cancel():
            found[place] = _here(waiting[place][0])
    return found


def _here(job: Job) -> Future[Taken]:
    done: Future[Taken] = Future()
    done.set_result(_done(job))
    return done


def _done(job: Job) -> Taken:
    with uncollected():
        return taken(job.piece, job.going_on, job.how)


def _worker() -> subprocess.Popen[bytes]:
    """A process that finds what this one finds, and nothing that lies in its folder."""
    return subprocess.Popen(  # noqa: S603  ourselves
        [sys.executable, "-P", "-c", _COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "POLARS_MAX_THREADS": "1",  # there is a worker for each processor
        },
    )


def _asked(idle: SimpleQueue[subprocess.Popen[bytes]], job: Job) -> Taken:
    """What a worker that is idle answers; where it fails, its work is done here."""
    worker = idle.get()
    try:
        if worker.stdin is None or worker.stdout is None:
            return _done(job)
        pickle.dump(job, worker.stdin, pickle.HIGHEST_PROTOCOL)
        worker.stdin.flush()
        found: Taken = pickle.load(worker.stdout)  # noqa: S301  what our own process wrote
    except (OSError, EOFError, pickle.UnpicklingError):
        return _done(job)
    else:
        return found
    finally:
        idle.put(worker)


def _stop(worker: subprocess.Popen[bytes]) -> None:
    """A worker that is asked nothing more ends; one that ended before leaves a broken pipe."""
    if worker.stdin is not None:
        with suppress(OSError):
            worker.stdin.close()


def serve(asked: IO[bytes] | None = None, answers: IO[bytes] | None = None) -> None:
    """Answers jobs until none comes: what a worker process does on its standard input."""
    asked, answers = asked or sys.stdin.buffer, answers or sys.stdout.buffer
    while True:
        try:
            job: Job = pickle.load(asked)  # noqa: S301  what our own parent wrote
        except EOFError:
            return
        pickle.dump(_done(job), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
