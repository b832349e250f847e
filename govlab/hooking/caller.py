"""One call of the hook: a request read, decided by the exported engine, recorded, answered.

It fails closed: what cannot be read, decided or recorded is denied; in monitor mode it goes ahead.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from govlab.hooking.answers import Answer, answered, columns
from govlab.hooking.requests import RequestError, read_request
from govlab.hooking.terms import Terms

__all__ = ["Said", "main", "ruled"]

# a hook that was installed has it
TERMS: Terms

RECORDS = "decisions.ndjson"


@dataclass(frozen=True, slots=True)
class Said:
    """What Claude Code is told, and the line that is kept of it."""

    answer: Answer
    record: str


def ruled(data: bytes, engine: Any, terms: Terms, now: datetime, *, monitor: bool = False) -> Said:
    """The answer to the request `data` at `now`; in monitor mode it is recorded and not given.

    `answer` of a record is what is said where no policy is in monitor mode.
    """
    at = json.dumps(now.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    try:
        request = read_request(data, now)
    except RequestError as error:
        answer = Answer() if monitor else Answer("deny", f"denied: {error}")
        return Said(answer, f'{{"time":{at},"refused":{json.dumps(str(error))}}}\n')
    decision = engine.decide(request.event)
    would = answered(decision._replace(enforced=None), request.event, terms)
    given = Answer() if monitor else answered(decision, request.event, terms)
    kept = {**columns(decision, terms, monitor=monitor), "answer": would.word}
    output, said = (json.dumps(each, ensure_ascii=True) for each in (given.to_dict(), kept))
    return Said(
        given, f'{{"time":{at},"input":{request.text},"output":{output},"govlab":{said}}}\n'
    )


def main(here: Path, load: Callable[..., Any], arguments: Sequence[str]) -> int:
    """Answers the request on standard input; `load` gives a module of the folder `here`.

    Returns the exit code; raises whatever goes wrong, which the file that is run turns into a
    blocked call. `--monitor`: every call goes ahead; `--probe`: says what would decide.
    """
    monitor = "--monitor" in arguments
    engine = _engine(here, load)
    if "--probe" in arguments:
        os.write(1, json.dumps(_introduced(engine)).encode() + b"\n")
        return 0
    ruling = ruled(sys.stdin.buffer.read(), engine, TERMS, datetime.now(UTC), monitor=monitor)
    _keep(here / RECORDS, ruling.record.encode(errors="surrogatepass"))
    output = ruling.answer.to_dict()
    if output:
        os.write(1, json.dumps(output).encode() + b"\n")
    return 0


def _introduced(engine: Any) -> dict[str, Any]:
    """What decides; `monitored` where policies of it are in monitor mode now."""
    watches = engine.decide({"ts": datetime.now(UTC)}).enforced is not None
    known = {"name": TERMS.name, "version": TERMS.version, "digest": engine.DIGEST}
    return {**known, "monitored": watches}


def _engine(folder: Path, load: Callable[..., Any]) -> Any:
    """The engine, where it is still the one that was installed."""
    content = (folder / "engine" / "engine.py").read_bytes()
    if sha256(content).hexdigest() != TERMS.engine_sha256:
        raise ValueError("the engine was changed")
    return load("govlab_engine", "engine", "engine.py")


def _keep(path: Path, line: bytes) -> None:
    """Appends `line`, whole: calls of several sessions do not mix."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.write(file, line) != len(line):
            raise OSError("the record was cut")
    finally:
        os.close(file)
